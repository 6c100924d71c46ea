/** What the services of a host share: what runs, and how a service begins and ends. */
@NullMarked
package jsgx.host.service;

import org.jspecify.annotations.NullMarked;
