//! Frames that no client of ours would send: S1, S2 and S3 of the security checks, by example.

use super::*;

fn accept() -> Ask {
    Ask::Accept { previous: None, anew: false }
}

fn speak(signal: Signal) -> Ask {
    Ask::Signal { signal, negotiation: None }
}

fn answer() -> Signal {
    Signal::Answer { sdp: "v=0\r\n".to_owned() }
}

/// Nothing but a refusal with this code, to the one who asked.
fn check_refused(world: &mut World, from: (UserId, DeviceId), id: CallId, ask: Ask, code: &str) {
    let said = format!("{ask:?}");
    world.take();
    world.ask(from, id, ask);
    let effects = world.take();
    let refused = matches!(&effects[..], [Effect::Refuse { to, refusal, .. }] if *to == from.1 && refusal.code() == code);
    assert!(refused, "{said}: {effects:?}, not {code}");
}

/// S1: accepting is the callee's; a caller who says so for them brings nothing to flow.
#[test]
fn a_caller_cannot_answer_its_own_call() {
    let (mut world, anna, _, id) = ringing(Policy::Direct);
    world.take();
    for ask in [accept(), Ask::Accept { previous: Some(anna.phone), anew: true }] {
        world.ask(anna.on_phone(), id, ask);
        assert_eq!(world.shown()[&anna.phone].phase, CallPhase::Ringing);
    }
    for ask in
        [accept(), Ask::Accept { previous: None, anew: true }, Ask::Accept { previous: Some(DeviceId::new()), anew: false }]
    {
        check_refused(&mut world, anna.on_desk(), id, ask, "answered_elsewhere");
    }
    // Another of her own pages may take the dialling over, which is no answer either.
    world.ask(anna.on_desk(), id, Ask::Accept { previous: Some(anna.phone), anew: true });
    let shown = world.shown();
    assert!(shown.values().all(|state| state.phase == CallPhase::Ringing && state.path.is_none()));
    check_refused(&mut world, anna.on_desk(), id, speak(offer()), "not_answered");
}

/// S1: an answer before the ring, to a call that nobody made, and a decline of it.
#[test]
fn a_call_that_was_never_made_cannot_be_answered() {
    let mut world = World::new(Policy::Direct);
    let boris = world.person();
    for ask in [accept(), Ask::Decline, Ask::HangUp, Ask::MediaFailed { negotiation: 1 }, speak(answer())] {
        check_refused(&mut world, boris.on_phone(), CallId::new(), ask, "no_such_call");
    }
    assert!(world.board.holds_no_call());
}

/// S1: whatever is sent before the callee's own accept, nothing flows in either direction, and no media is set up.
#[test]
fn nothing_flows_before_the_callees_own_accept() {
    for policy in [Policy::Direct, Policy::Auto, Policy::Relayed, Policy::MediaNode] {
        let (mut world, anna, boris, id) = ringing(policy);
        for from in [anna.on_phone(), boris.on_phone(), boris.on_desk()] {
            for signal in [offer(), answer(), candidate()] {
                for negotiation in [None, Some(0), Some(1), Some(u32::MAX)] {
                    let ask = Ask::Signal { signal: signal.clone(), negotiation };
                    check_refused(&mut world, from, id, ask, "not_answered");
                }
            }
            check_refused(&mut world, from, id, Ask::MediaFailed { negotiation: 0 }, "not_answered");
        }
        let sends = Sends { microphone: true, camera: true, screen: true, on_hold: false };
        check_refused(&mut world, boris.on_phone(), id, Ask::Media(sends), "not_answered");
        world.accept(boris.on_phone(), id);
        let kept = |effect: &Effect| matches!(effect, Effect::Signal { .. } | Effect::Node(NodeCommand::Join { .. }));
        assert!(!world.take().iter().any(kept), "nothing was kept");
    }
}

/// S1: answered twice, by the same device and by another; declined after it; in any order.
#[test]
fn a_call_is_answered_once() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.accept(boris.on_phone(), id);
    world.take();
    world.accept(boris.on_phone(), id);
    let again = world.take();
    assert!(matches!(&again[..], [Effect::Show { to, state }] if *to == boris.phone && state.negotiation == 1), "{again:?}");
    check_refused(&mut world, boris.on_desk(), id, accept(), "answered_elsewhere");
    for from in [boris.on_phone(), boris.on_desk(), anna.on_phone()] {
        check_refused(&mut world, from, id, Ask::Decline, "not_ringing");
    }
    world.ask(boris.on_phone(), id, Ask::HangUp);
    assert_eq!(world.outcomes(), [Outcome::Completed]);
    for ask in [accept(), Ask::Decline, Ask::HangUp] {
        world.ask(boris.on_phone(), id, ask);
        assert_eq!(world.shown()[&boris.phone].phase, CallPhase::Ended, "an ended call stays so");
    }
    for ask in [speak(offer()), Ask::Leave, Ask::MediaFailed { negotiation: 1 }] {
        world.ask(boris.on_phone(), id, ask);
        assert_eq!(world.take(), [], "what crossed with the end means nothing");
    }
}

/// S1: a candidate, an offer, an answer for a call of others.
#[test]
fn a_foreign_call_takes_nothing() {
    let (mut world, ..) = answered(Policy::Direct);
    let id = *world.board.calls.keys().next().expect("one call");
    let (vera, dora) = (world.person(), world.person());
    let own = world.start(vera.on_phone(), "k2", dora.user);
    world.accept(dora.on_phone(), own);
    for signal in [offer(), answer(), candidate()] {
        check_refused(&mut world, vera.on_phone(), id, speak(signal), "no_such_call");
    }
    let theft = Ask::Accept { previous: world.board.calls[&id].device(Side::Callee), anew: true };
    check_refused(&mut world, vera.on_phone(), id, theft, "no_such_call");
}

/// S1: negotiations that are over or never were.
#[test]
fn a_signal_of_an_unknown_negotiation_is_dropped() {
    let (mut world, anna, boris, id) = answered(Policy::Direct);
    for negotiation in [0, 2, u32::MAX] {
        world.ask(anna.on_phone(), id, Ask::Signal { signal: offer(), negotiation: Some(negotiation) });
        assert_eq!(world.take(), []);
    }
    // Out of order and twice: relayed as they come, each to the other device alone.
    for signal in [candidate(), answer(), offer(), offer()] {
        world.signal(boris.on_phone(), id, signal.clone());
        assert_eq!(world.take(), [Effect::Signal { to: anna.phone, call_id: id, signal }]);
    }
}

/// S2: hanging up, muting, holding, moving or leaving in the name of others.
#[test]
fn nobody_speaks_for_a_participant() {
    let (mut world, anna, boris, id) = answered(Policy::Auto);
    let vera = world.person();
    let hold = Sends { microphone: false, camera: false, screen: false, on_hold: true };
    let asks = || [Ask::HangUp, Ask::Media(hold), Ask::MediaFailed { negotiation: 1 }];
    for ask in asks() {
        check_refused(&mut world, vera.on_phone(), id, ask, "no_such_call");
    }
    for ask in asks() {
        check_refused(&mut world, boris.on_desk(), id, ask, "answered_elsewhere");
    }
    check_refused(&mut world, vera.on_phone(), id, Ask::Leave, "no_such_call");
    world.ask(boris.on_desk(), id, Ask::Leave);
    assert_eq!(world.take(), [], "only the page itself leaves");
    // One's own words do not touch the other.
    world.ask(anna.on_phone(), id, Ask::Media(hold));
    let shown = world.shown();
    let his = &shown[&anna.phone].participants[1];
    assert!(his.microphone && !his.on_hold);
}

/// S3: both hang up, in the same moment and again.
#[test]
fn both_hang_up_and_there_is_one_end() {
    let (mut world, anna, boris, id) = answered(Policy::MediaNode);
    for from in [anna.on_phone(), boris.on_phone(), anna.on_phone()] {
        world.ask(from, id, Ask::HangUp);
    }
    assert_eq!(world.outcomes(), [Outcome::Completed]);
    world.advance(deadlines::REMEMBER);
    assert!(world.board.holds_no_call());
}

/// S3: each calls the other: one call, one end, whoever was first.
#[test]
fn glare_is_one_call_with_one_end() {
    let (mut world, anna, boris, id) = ringing(Policy::Direct);
    world.start(boris.on_phone(), "k2", anna.user);
    world.start(anna.on_phone(), "k1", boris.user);
    world.start(boris.on_phone(), "k2", anna.user);
    assert_eq!(world.board.live_calls(), 1);
    world.take();
    world.ask(boris.on_phone(), id, Ask::HangUp);
    assert_eq!(world.outcomes(), [Outcome::Completed]);
}

/// S3: both tabs are closed, with and without a word: over 30 s later at the latest.
#[test]
fn closed_tabs_end_the_call_in_30_s() {
    for (tells, limit) in [(true, deadlines::LEAVE_GRACE), (false, deadlines::GRACE)] {
        for policy in [Policy::Direct, Policy::MediaNode] {
            let (mut world, anna, boris, id) = answered(policy);
            for person in [anna, boris] {
                if tells {
                    world.ask(person.on_phone(), id, Ask::Leave);
                }
                world.lose(person.phone);
                world.lose(person.desk);
            }
            assert!(limit <= Duration::from_secs(30));
            world.advance(limit);
            assert_eq!(world.outcomes().len(), 1);
            assert_eq!(world.board.live_calls(), 0);
        }
    }
}
