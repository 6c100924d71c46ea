package jsgx.launch.policy;

/** Decides which enclaves may launch. It is asked at every EINIT before any token is looked at, from many threads at once. */
public interface LaunchPolicy {

    /** Lets everything launch. */
    LaunchPolicy ALLOW_ALL = subject -> PolicyVerdict.allow("no policy", "", 0);

    /** Judges a launch; has no side effects. */
    PolicyVerdict judge(PolicySubject subject);
}
