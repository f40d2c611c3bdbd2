/* beds.h - the transports under the contract of contract.h: libcurl against a local server, the
 * replay, and the repeating layer over each. */
#ifndef AZL_TESTS_NET_BEDS_H
#define AZL_TESTS_NET_BEDS_H

#include "contract.h"

extern const struct http_backend curl_backend, replay_backend, retry_curl_backend,
    retry_replay_backend;

#endif
