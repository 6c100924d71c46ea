package jsgx.launch;

/**
 * Whether a file would launch, found out on a throw-away copy of the platform so that nothing is changed.
 *
 * @param would whether it would
 * @param code the code that a launch would end with
 * @param explanation why
 */
public record WouldLaunch(boolean would, String code, Explanation explanation) {}
