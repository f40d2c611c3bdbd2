/* paths.h - where the state folder and the core's socket lie. Used by console and core alike, so
 * that they always meet.
 *
 * The system core listens on PATH_SYSTEM_SOCKET. A private core's socket is RUNTIME/NAME.sock,
 * RUNTIME is $XDG_RUNTIME_DIR/azloconf or /tmp/azloconf-UID (0700, ours), NAME the FNV-1a hash of
 * the absolute state folder: sun_path holds 108 bytes, so never inside the folder itself. Beside it
 * lies NAME.lock: who starts a core holds it.
 */
#ifndef AZL_WIRE_PATHS_H
#define AZL_WIRE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PATH_SYSTEM_SOCKET "/run/azloconf/azloconf.sock"
#define PATH_NAME_SIZE     17
#define PATH_SOCKET_SIZE   108 /* struct sockaddr_un */
#define PATH_SIZE          1024

/* The state folder, made if missing (0700), absolute and without links: given, or $XDG_STATE_HOME
 * (~/.local/state) + azloconf (azloconf-sandbox for the sandbox). */
int path_state_dir(char *out, size_t size, const char *given, bool sandbox, struct err *e);
/* 16 hexadecimal digits. */
void path_name(char out[PATH_NAME_SIZE], const char *state_dir);
/* The folder of sockets, made if missing and checked. */
int path_runtime_dir(char *out, size_t size, struct err *e);
int path_socket(char *out, size_t size, const char *state_dir, struct err *e);
int path_lock(char *out, size_t size, const char *state_dir, struct err *e);

#endif
