package jsgx.machine.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import jsgx.arch.Cpuid;
import jsgx.driver.Availability;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.Errno;
import jsgx.driver.Workload;
import jsgx.machine.enclave.CpuidService;
import jsgx.machine.event.EventSink;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.StreamSocket;
import jsgx.machine.sgx.CpuidSites;
import jsgx.machine.sgx.EnclaveThreads;
import jsgx.machine.sgx.Sgx;
import jsgx.machine.sgx.SgxFile;
import jsgx.machine.sgx.SgxNode;
import jsgx.machine.sgx.SgxSpace;
import jsgx.machine.sgx.SgxThread;
import jsgx.machine.task.Agent;
import jsgx.machine.task.Task;
import org.jspecify.annotations.Nullable;

/** The SGX of a run whose processor and driver are a daemon's; for {@link jsgx.machine.Machine} alone. */
@SuppressWarnings("exports")
public final class RemoteSgx implements Sgx, Lane.Server {

    private final int epcDescriptor;
    private final Calls calls;
    private final List<Node> nodes = new ArrayList<>();
    private final Cpuid.Registers features;
    private final List<Cpuid.Registers> leaf12 = new ArrayList<>();
    private final CpuidService cpuid;
    private final EventSink events;
    private final Consumer<byte[]> reports;
    private final AtomicInteger numbers = new AtomicInteger();
    private final Map<Integer, RemoteSpace> spaces = new ConcurrentHashMap<>();
    private final Map<Integer, RemoteThread> threads = new ConcurrentHashMap<>();
    private final ThreadLocal<Questions> questions = ThreadLocal.withInitial(() -> Questions.NONE);

    /**
     * The SGX that a daemon gave.
     *
     * @param welcome what {@link RemoteServer#welcome} said
     * @param descriptors what came with it; they are this one's to close
     * @param processor CPUID as it is without SGX
     * @param reports is given what the daemon's launch control said of an INIT, on the thread that then tells the event
     */
    public RemoteSgx(
            byte[] welcome,
            List<Integer> descriptors,
            CpuidService.Processor processor,
            EventSink events,
            Consumer<byte[]> reports) {
        this.events = events;
        this.reports = reports;
        epcDescriptor = descriptors.getFirst();
        calls = new Calls(
                descriptors.subList(1, descriptors.size()).stream()
                        .map(StreamSocket::new)
                        .toList(),
                this);
        In in = new In(welcome);
        for (int i = in.count(Integer.BYTES); i > 0; i--) {
            nodes.add(new Node(nodes.size(), in.text(), in.flag()));
        }
        features = registers(in);
        for (int i = 0; i < RemoteServer.SGX_SUBLEAVES; i++) {
            leaf12.add(registers(in));
        }
        cpuid = new CpuidService(this::cpuid, processor);
    }

    private static Cpuid.Registers registers(In in) {
        return new Cpuid.Registers(in.i32(), in.i32(), in.i32(), in.i32());
    }

    /** This process's descriptor of the session's pages of the EPC. */
    public int epcDescriptor() {
        return epcDescriptor;
    }

    /**
     * Answers the daemon from now on.
     *
     * @param gone is told where the daemon is gone
     */
    public void begin(Runnable gone) {
        calls.begin(gone);
    }

    /** Why there is no daemon any more; null where there is one. */
    public @Nullable String lost() {
        return calls.lost();
    }

    Calls calls() {
        return calls;
    }

    CpuidService cpuidService() {
        return cpuid;
    }

    int nextNumber() {
        return numbers.incrementAndGet();
    }

    String path(int node) {
        return node < nodes.size() ? nodes.get(node).path() : "/dev/sgx";
    }

    void made(RemoteSpace space) {
        spaces.put(space.number(), space);
    }

    void made(RemoteThread thread) {
        threads.put(thread.number(), thread);
    }

    void gone(RemoteSpace space) {
        spaces.remove(space.number());
    }

    void gone(RemoteThread thread) {
        threads.remove(thread.number());
    }

    /** Calls the daemon, which may ask the calling thread about what it does. */
    In call(Op op, Out operands, Questions about) {
        Questions before = questions.get();
        questions.set(about);
        try {
            return calls.call(op, operands);
        } finally {
            questions.set(before);
        }
    }

    /** An open file of the daemon's driver. */
    record File(RemoteSgx sgx, int number, String path) implements SgxFile {
        @Override
        public void close() {
            try {
                sgx.call(Op.CLOSE, new Out().i32(number), Questions.NONE);
            } catch (LaneEnded e) {
                // The daemon has closed it, or is gone.
            }
        }
    }

    private final class Node implements SgxNode {
        private final int number;
        private final String path;
        private final boolean present;

        Node(int number, String path, boolean present) {
            this.number = number;
            this.path = path;
            this.present = present;
        }

        @Override
        public String path() {
            return path;
        }

        @Override
        public boolean isPresent() {
            return present;
        }

        @Override
        public SgxFile open(Workload workload) throws DeviceAbsentException {
            int file = nextNumber();
            if (!call(Op.OPEN, new Out().i32(file).u8(number), Questions.NONE).flag()) {
                throw new DeviceAbsentException(
                        path, new Availability.Absent(Errno.ENODEV, "the daemon has no such device"));
            }
            return new File(RemoteSgx.this, file, path);
        }
    }

    @Override
    public List<SgxNode> nodes() {
        return List.copyOf(nodes);
    }

    @Override
    public Cpuid.Registers cpuid(int leaf, int subleaf) {
        if (leaf == 0x12 && subleaf >= 0 && subleaf < leaf12.size()) {
            return leaf12.get(subleaf);
        }
        return leaf == 7 && subleaf == 0 ? features : new Cpuid.Registers(0, 0, 0, 0);
    }

    @Override
    public SgxSpace space(int pid, Agent agent, EnclaveThreads unasked) {
        return new RemoteSpace(this, pid, agent);
    }

    @Override
    public SgxThread thread(Task task, SgxSpace space, CpuidSites cpuidSites) {
        return new RemoteThread(this, task, (RemoteSpace) space, cpuidSites);
    }

    // What the daemon asks.

    @Override
    public void serve(Lane lane, Op op, In in, Out out) {
        switch (op) {
            case AGENT -> space(in).agent(in, out);
            case READ -> space(in).read(in, out);
            case WRITE -> space(in).write(in, out);
            case GROUND -> space(in).ground(in, out);
            case READ_IMPLIES_EXEC -> space(in).readImpliesExec(out);
            case FILE -> out.i32(questions.get().file(in.i32()));
            case SIGNAL_PENDING -> out.flag(questions.get().signalPending());
            case RUN -> out.i64(questions.get().run());
            case PIECE -> out.i64(questions.get().piece(in.i64(), in.i64()));
            case EXTENDED_STATE -> out.bytes(thread(in).extendedState());
            case EVICT -> {
                @Nullable RemoteThread thread = threads.get(in.i32());
                if (thread != null) {
                    thread.evict(lane);
                }
            }
            default -> throw new BadMessage(op + " is no call of a daemon");
        }
    }

    private RemoteSpace space(In in) {
        RemoteSpace space = spaces.get(in.i32());
        if (space == null) {
            throw new BadMessage("there is no such address space");
        }
        return space;
    }

    private RemoteThread thread(In in) {
        RemoteThread thread = threads.get(in.i32());
        if (thread == null) {
            throw new BadMessage("there is no such thread");
        }
        return thread;
    }

    @Override
    public void event(In in) {
        EventCode.Told told = EventCode.read(in);
        if (told.report().length > 0) {
            reports.accept(told.report());
        }
        events.event(told.event());
    }

    /** The run is over. The daemon releases what it has left. */
    @Override
    public void close() {
        calls.close();
        Linux.close(epcDescriptor);
    }
}
