@org.jspecify.annotations.NullMarked
package jsgx.host.feed;
