/* contract.h - what every back end of the store must do. A back end's test calls store_contract
 * with a function that opens an empty store; a second call opens the same one again, as another
 * process would. */
#ifndef AZL_TESTS_STORE_CONTRACT_H
#define AZL_TESTS_STORE_CONTRACT_H

#include "store/store.h"

typedef struct store *store_open_fn(bool fresh);
void store_contract(store_open_fn *open_store);

#endif
