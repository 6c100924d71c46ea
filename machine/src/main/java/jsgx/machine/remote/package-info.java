/**
 * SGX over sockets: a program is supervised by one process, the front end, and its processor, driver and enclaves are another's, the daemon's. No key and no
 * quota is the front end's: it says what its program did, and is told what becomes of that.
 */
@NullMarked
package jsgx.machine.remote;

import org.jspecify.annotations.NullMarked;
