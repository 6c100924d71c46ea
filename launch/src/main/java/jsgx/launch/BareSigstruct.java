package jsgx.launch;

import java.util.List;
import jsgx.arch.LeafCheck;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.SgxError;
import jsgx.image.SigstructCheck;
import jsgx.image.SigstructCheck.Finding;

/** What a SIGSTRUCT without its enclave says of a launch. */
final class BareSigstruct {

    private BareSigstruct() {}

    static WouldLaunch judge(SigstructCheck check) {
        for (Finding finding : check.findings()) {
            if (!finding.valid()) {
                return refused(finding);
            }
        }
        return new WouldLaunch(
                true,
                SgxError.SUCCESS.sdmName(),
                Explanation.success(
                        "EINIT takes the SIGSTRUCT; whether the enclave measures to its ENCLAVEHASH, and its"
                                + " attributes, token and signer, was not looked at"));
    }

    private static WouldLaunch refused(Finding finding) {
        LeafCheck check = switch (finding.part()) {
            case HEADER -> Einit.Check.SIGSTRUCT_HEADER;
            case VENDOR -> Einit.Check.SIGSTRUCT_VENDOR;
            case HEADER2 -> Einit.Check.SIGSTRUCT_HEADER2;
            case EXPONENT -> Einit.Check.SIGSTRUCT_EXPONENT;
            case RESERVED -> Einit.Check.SIGSTRUCT_RESERVED;
            case MODULUS, SIGNATURE, Q1, Q2 -> Einit.Check.SIGNATURE;
        };
        SgxError code = check == Einit.Check.SIGNATURE ? SgxError.INVALID_SIGNATURE : SgxError.INVALID_SIG_STRUCT;
        Explanation explanation = new Explanation(
                "EINIT: %s (%d), for its %s".formatted(code.sdmName(), code.code(), finding.part()),
                check.rule(),
                Explanation.place(check),
                finding.expected(),
                finding.found(),
                List.of(),
                LeafAdvice.of(check));
        return new WouldLaunch(false, code.sdmName(), explanation);
    }
}
