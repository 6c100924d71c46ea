/** What lies at fixed addresses in every address space of a run: the vDSO, the agent and what they share with the supervisor. */
@NullMarked
package jsgx.machine.code;

import org.jspecify.annotations.NullMarked;
