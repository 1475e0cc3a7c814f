/* Preloaded into Janus, for what its configuration cannot say. The packet path is not touched.
 *
 * Janus skips loopback interfaces when it gathers ICE candidates: getifaddrs() here gives loopback's IPv4 address alone, without the flag that
 * says so. And it prefers the SRTP profile with the longest key: SRTP_PROFILES says which ones it offers, so that all servers are measured
 * with the same. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>

int getifaddrs(struct ifaddrs **out) {
    static int (*real)(struct ifaddrs **);
    if (!real) real = (int (*)(struct ifaddrs **))dlsym(RTLD_NEXT, "getifaddrs");
    int result = real(out);
    if (result != 0) return result;
    for (struct ifaddrs *i = *out; i; i = i->ifa_next) {
        int wanted = (i->ifa_flags & IFF_LOOPBACK) && i->ifa_addr && i->ifa_addr->sa_family == AF_INET;
        if (wanted) i->ifa_flags &= ~IFF_LOOPBACK;
        else i->ifa_flags &= ~(IFF_UP | IFF_RUNNING);
    }
    return 0;
}

int SSL_CTX_set_tlsext_use_srtp(void *context, const char *profiles) {
    static int (*real)(void *, const char *);
    if (!real) real = (int (*)(void *, const char *))dlsym(RTLD_NEXT, "SSL_CTX_set_tlsext_use_srtp");
    const char *wanted = getenv("SRTP_PROFILES");
    return real(context, wanted ? wanted : profiles);
}
