package jsgx.launch.policy;

/** Decides which enclaves may launch. It is asked at every EINIT before any token is looked at, from many threads at once. */
public interface LaunchPolicy {

    /** Lets everything launch. */
    LaunchPolicy ALLOW_ALL = subject -> PolicyVerdict.allow("no policy", "", 0);

    /** Judges a launch; has no side effects. */
    PolicyVerdict judge(PolicySubject subject);

    /**
     * Judges who asks for a token by itself, before there is an enclave: product, SVN, MISCSELECT and size are not known then, and the
     * subject has zeroes in their place. It refuses only what {@link #judge} would refuse now whatever they were; EINIT, which knows them,
     * is judged again. A policy whose verdict depends on one of the four has to say it here.
     */
    default PolicyVerdict judgeToken(PolicySubject subject) {
        return judge(subject);
    }
}
