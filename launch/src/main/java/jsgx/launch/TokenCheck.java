package jsgx.launch;

/**
 * What EINIT says of a token for one enclave on this platform.
 *
 * @param accepted whether EINIT took it
 * @param code the manual's name of EINIT's code
 * @param ioctlResult what isgx returned
 * @param explanation which check decided
 */
public record TokenCheck(boolean accepted, String code, long ioctlResult, Explanation explanation) {}
