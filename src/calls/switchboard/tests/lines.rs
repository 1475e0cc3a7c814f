//! Two calls of one user: one that talks and one more.

use super::*;

/// Anna and Boris talk on their phones; Vera calls Boris, whom she finds talking.
fn waiting() -> (World, [Person; 3], [CallId; 2]) {
    let (mut world, anna, boris, first) = answered(Policy::Direct);
    let vera = world.person();
    world.take();
    let second = world.start(vera.on_desk(), "k2", boris.user);
    (world, [anna, boris, vera], [first, second])
}

fn rings(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Rings(_))).count()
}

#[test]
fn a_second_call_waits_on_the_device_that_talks() {
    let (mut world, [_, boris, vera], _) = waiting();
    assert_eq!(rings(&world.effects), 0, "nobody is woken for it");
    let shown = world.shown();
    assert_eq!(shown.len(), 2, "his other device keeps quiet");
    let (hers, his) = (&shown[&vera.desk], &shown[&boris.phone]);
    assert!(hers.waiting && his.waiting && hers.here && !his.here);
    assert_eq!((his.phase, his.participants.len()), (CallPhase::Ringing, 1));
    let tablet = DeviceId::new();
    world.connect(boris.user, tablet);
    assert_eq!(world.take(), [], "nor does a new one hear of it");
}

#[test]
fn a_waiting_call_is_answered_beside_the_first() {
    let (mut world, [anna, boris, vera], [first, second]) = waiting();
    world.take();
    for ask in [Ask::Accept { previous: None, anew: false }, Ask::Decline, Ask::HangUp] {
        world.ask(boris.on_desk(), second, ask);
        assert_eq!(world.refusals(), [(boris.desk, "answered_elsewhere")]);
    }
    world.accept(boris.on_phone(), second);
    let shown = world.shown();
    assert_eq!(shown.len(), 2);
    assert!(shown.values().all(|state| state.here && !state.waiting && state.phase == CallPhase::Answered));
    world.ask(boris.on_phone(), first, Ask::Media(Sends { microphone: true, camera: false, screen: false, on_hold: true }));
    assert!(world.shown()[&anna.phone].participants[1].on_hold);
    assert_eq!(world.board.live_calls(), 2);
    world.ask(vera.on_desk(), second, Ask::HangUp);
    assert_eq!(world.outcomes(), [Outcome::Completed]);
    assert_eq!(world.board.live_calls(), 1, "the one on hold lives");
}

#[test]
fn a_waiting_call_is_declined_missed_or_given_up_like_any_other() {
    let (mut world, [_, boris, _], [_, second]) = waiting();
    world.ask(boris.on_phone(), second, Ask::Decline);
    assert_eq!(world.outcomes(), [Outcome::Declined]);
    let (mut world, ..) = waiting();
    world.take();
    world.advance(deadlines::RING);
    let effects = world.take();
    let histories: Vec<_> =
        effects.iter().filter_map(|effect| if let Effect::Ended(h) = effect { Some(h) } else { None }).collect();
    assert_eq!(histories.iter().map(|h| (h.record.outcome, h.rang)).collect::<Vec<_>>(), [(Outcome::Missed, false)]);
    let (mut world, [_, boris, vera], [_, second]) = waiting();
    world.take();
    world.ask(vera.on_desk(), second, Ask::HangUp);
    let shown = world.shown();
    assert_eq!(shown[&boris.phone].outcome, Some(Outcome::Cancelled));
    assert!(!shown.contains_key(&boris.desk));
}

#[test]
fn a_waiting_call_rings_everywhere_once_the_first_is_over() {
    let (mut world, [anna, boris, vera], [first, second]) = waiting();
    world.take();
    world.ask(anna.on_phone(), first, Ask::HangUp);
    assert_eq!(rings(&world.effects), 1);
    let shown = world.shown();
    for device in [boris.phone, boris.desk, vera.desk] {
        assert_eq!((shown[&device].id, shown[&device].phase, shown[&device].waiting), (second, CallPhase::Ringing, false));
    }
    world.accept(boris.on_desk(), second);
    assert!(world.shown()[&boris.desk].here);
}

#[test]
fn a_waiting_call_goes_where_the_first_goes() {
    let (mut world, [_, boris, _], [first, second]) = waiting();
    world.lose(boris.phone);
    world.take();
    world.accept(boris.on_desk(), second);
    assert_eq!(world.refusals(), [(boris.desk, "answered_elsewhere")]);
    world.accept(boris.on_desk(), first);
    let waits = world.take().into_iter().filter_map(|effect| match effect {
        Effect::Show { to, state } if state.id == second => Some((to, state.waiting)),
        _ => None,
    });
    assert_eq!(waits.collect::<Vec<_>>(), [(boris.desk, true)]);
    world.accept(boris.on_desk(), second);
    assert!(world.shown()[&boris.desk].here);
}

#[test]
fn nobody_is_in_three_calls() {
    let (mut world, [anna, boris, vera], _) = waiting();
    let dora = world.person();
    world.take();
    world.start(dora.on_phone(), "k3", boris.user);
    assert_eq!(world.outcomes(), [Outcome::Busy], "he talks, and one waits");
    world.start(dora.on_phone(), "k4", vera.user);
    assert_eq!(world.outcomes(), [Outcome::Busy], "she is dialling");
    world.start(boris.on_phone(), "k5", dora.user);
    world.start(vera.on_desk(), "k6", dora.user);
    assert_eq!(world.refusals(), [(boris.phone, "already_in_call"), (vera.desk, "already_in_call")]);
    world.start(dora.on_phone(), "k7", anna.user);
    assert!(world.shown()[&anna.phone].waiting);
    world.lose(anna.phone);
    world.lose(dora.phone);
    world.advance(deadlines::RINGING_GRACE);
    world.take();
    world.start(dora.on_desk(), "k8", anna.user);
    assert_eq!(world.outcomes(), [Outcome::Busy], "whose phone is gone cannot be asked to wait");
}

#[test]
fn who_talks_may_dial_from_that_device_and_nobody_twice() {
    let (mut world, anna, boris, _) = answered(Policy::Direct);
    let vera = world.person();
    world.take();
    world.start(anna.on_desk(), "k2", vera.user);
    world.start(anna.on_phone(), "k3", boris.user);
    assert_eq!(world.refusals(), [(anna.desk, "already_in_call"), (anna.phone, "already_in_call")]);
    let second = world.start(anna.on_phone(), "k4", vera.user);
    assert_eq!(rings(&world.effects), 1, "she rings as ever");
    let shown = world.shown();
    assert!(!shown[&vera.phone].waiting && shown.contains_key(&vera.desk));
    world.accept(vera.on_desk(), second);
    assert_eq!(world.board.live_calls(), 2);
    world.lose(anna.phone);
    world.advance(deadlines::GRACE);
    assert_eq!(world.outcomes(), [Outcome::Lost, Outcome::Lost], "a device that is gone is gone from both");
    assert_eq!(world.board.live_calls(), 0);
}

#[test]
fn calling_back_who_waits_is_an_answer_on_that_device_only() {
    let (mut world, [_, boris, vera], [_, second]) = waiting();
    world.take();
    world.start(boris.on_desk(), "k3", vera.user);
    assert_eq!(world.refusals(), [(boris.desk, "already_in_call")]);
    world.start(boris.on_phone(), "k4", vera.user);
    let shown = world.shown();
    assert_eq!((shown[&boris.phone].id, shown[&boris.phone].phase), (second, CallPhase::Answered));
}

#[test]
fn a_sign_out_ends_both_calls_of_that_device() {
    let (mut world, [_, boris, _], [_, second]) = waiting();
    world.accept(boris.on_phone(), second);
    world.take();
    let effects = world.board.signed_out(world.now, boris.phone);
    world.effects.extend(effects);
    assert_eq!(world.outcomes(), [Outcome::Completed, Outcome::Completed]);
}

#[test]
fn a_closed_account_ends_what_talks_waits_rings_and_is_away() {
    let (mut world, [anna, boris, _], [first, second]) = waiting();
    world.lose(boris.phone);
    world.take();
    let effects = world.board.user_gone(world.now, boris.user);
    assert_eq!(rings(&effects), 0, "nothing begins to ring");
    world.effects.extend(effects);
    assert_eq!(world.outcomes(), [Outcome::Missed, Outcome::Completed]);
    for id in [first, second] {
        world.accept(boris.on_desk(), id);
        assert_eq!(world.shown()[&boris.desk].phase, CallPhase::Ended);
    }
    let id = world.start(boris.on_desk(), "k5", anna.user);
    world.take();
    let effects = world.board.user_gone(world.now, boris.user);
    world.effects.extend(effects);
    let ended = world.shown();
    assert_eq!((ended[&anna.desk].id, ended[&anna.desk].outcome), (id, Some(Outcome::Cancelled)));
}
