#include "config.h"

#include "testing.h"

int test_net_http(void);
int test_net_http_curl(void);
int test_net_http_replay(void);
int test_net_http_retry(void);

int main(void)
{
    test_net_http();
    test_net_http_curl();
    test_net_http_replay();
    test_net_http_retry();
    return test_end();
}
