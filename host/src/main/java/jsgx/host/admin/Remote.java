package jsgx.host.admin;

import io.helidon.common.socket.PeerInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.Principal;
import java.security.cert.Certificate;
import java.util.Optional;

/**
 * Who is at the other end of a connection to the admin API.
 *
 * @param who acts, as the audit trail says: {@code uid:1000} on the Unix socket, where the kernel says it; empty on TCP, where nobody does
 */
record Remote(String who) implements PeerInfo {

    @Override
    public SocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @Override
    public String host() {
        return "localhost";
    }

    @Override
    public int port() {
        return 0;
    }

    @Override
    public Optional<Principal> tlsPrincipal() {
        return Optional.empty();
    }

    @Override
    public Optional<Certificate[]> tlsCertificates() {
        return Optional.empty();
    }
}
