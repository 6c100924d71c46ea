/** Virtual machines on a shared package: a vEPC, virtual launch-control MSRs, and the hypervisor's part of ECREATE and EINIT. */
@NullMarked
package jsgx.launch.guest;

import org.jspecify.annotations.NullMarked;
