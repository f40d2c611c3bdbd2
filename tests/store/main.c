#include "config.h"

#include "testing.h"

int test_store_store_file(void);
int test_store_journal(void);

int main(void)
{
    test_store_store_file();
    test_store_journal();
    return test_end();
}
