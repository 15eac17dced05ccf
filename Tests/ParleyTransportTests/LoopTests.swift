import Foundation
import Glibc
import ParleyTransport
import Testing

@Suite("The loop") struct LoopTests {
    @Test("Timers fire in the order of their deadlines, equal ones in the order they were set")
    func timerOrder() throws {
        let loop = try ReadinessLoop()
        var fired: [Int] = []
        for delay in [5, 1, 4, 1, 3, 0, 2] {
            loop.after(.milliseconds(delay * 3)) { fired.append(delay) }
        }
        try loop.turn { fired.count == 7 }
        #expect(fired == [0, 1, 1, 2, 3, 4, 5])
    }

    @Test("A cancelled timer stays silent, also when another timer of the turn cancels it")
    func timerCancel() throws {
        let loop = try ReadinessLoop()
        var fired: [String] = []
        let never = loop.after(.zero) { fired.append("never") }
        never.cancel()
        never.cancel()
        var second: LoopTimer?
        loop.after(.zero) {
            fired.append("first")
            second?.cancel()
        }
        second = loop.after(.zero) { fired.append("second") }
        let last = loop.after(.milliseconds(5)) { fired.append("last") }
        try loop.turn { !last.isPending }
        #expect(fired == ["first", "last"])
    }

    @Test("A timer that sets itself anew does not hold the turn")
    func timerAgain() throws {
        let loop = try ReadinessLoop()
        var count = 0
        func again() {
            count += 1
            loop.after(.zero) { again() }
        }
        again()
        for _ in 0..<5 { try loop.runOnce() }
        #expect(count == 6)
    }

    @Test("Thousands of timers, set and cancelled at random, fire by deadline")
    func manyTimers() throws {
        let loop = try ReadinessLoop()
        var random = SystemRandomNumberGenerator()
        var (fired, timers): ([ContinuousClock.Instant], [LoopTimer]) = ([], [])
        for _ in 0..<10_000 {
            var timer: LoopTimer?
            timer = loop.after(.microseconds(Int.random(in: 0..<2_000, using: &random))) {
                if let timer { fired.append(timer.deadline) }
                timer = nil
            }
            if let timer { timers.append(timer) }
        }
        timers.shuffle()
        for timer in timers[..<5_000] { timer.cancel() }
        try loop.turn { fired.count == 5_000 }
        #expect(fired == fired.sorted())
        #expect(!timers.contains { $0.isPending })
    }

    @Test("A turn reads everything, ends once, and only then writes")
    func turnOrder() throws {
        let loop = try ReadinessLoop()
        let (a, b) = (try connectedPair(), try connectedPair())
        var log: [String] = []
        let channels = [("a", a.one), ("b", b.one)].map { name, end in
            let channel = Channel(on: loop, StreamPair(socket: end))
            channel.onReceive = { _ in
                log.append("read \(name)")
                channel.send([1])
                log.append("unwritten \(channel.pendingBytes)")
            }
            channel.onDrained = { log.append("wrote \(name)") }
            return channel
        }
        try settle(loop)
        for end in [a.other, b.other] { #expect(put([9], DescriptorOutputStream(end)) == .moved(1)) }
        loop.onTurnEnd = { log.append("turn") }
        try loop.runOnce(patience)
        #expect(
            log.sorted() == ["read a", "read b", "turn", "unwritten 1", "unwritten 1", "wrote a", "wrote b"])
        #expect(log[4] == "turn")
        #expect(channels.allSatisfy { $0.pendingBytes == 0 })
    }

    @Test("Any descriptor can be watched, until its watch is cancelled")
    func watches() throws {
        let loop = try ReadinessLoop()
        let (one, other) = try connectedPair()
        let (input, output) = (DescriptorInputStream(one), DescriptorOutputStream(other))
        var got: [[UInt8]] = []
        let watch = loop.watch(one.number) { got.append(take(input).1) }
        for byte in [1, 2] as [UInt8] {
            #expect(put([byte], output) == .moved(1))
            try loop.runOnce(patience)
        }
        watch.cancel()
        #expect(put([3], output) == .moved(1))
        try settle(loop)
        #expect(got == [[1], [2]])
    }

    @Test("A regular file counts as always ready")
    func regularFile() throws {
        let loop = try ReadinessLoop()
        let path = FileManager.default.temporaryDirectory.appending(path: "parley-\(UUID())").path
        try Data(pattern(100_000)).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        let file = Descriptor(adopting: open(path, O_RDONLY | O_CLOEXEC))
        let null = Descriptor(adopting: open("/dev/null", O_WRONLY | O_CLOEXEC))
        let witness = Witness(Channel(on: loop, StreamPair(input: file, output: null)))
        witness.channel.send([1, 2, 3])
        try loop.turn { !witness.ends.isEmpty }
        expectPattern(100_000, in: witness.received)
        #expect(witness.ends == [.endOfInput])
    }

    @Test("Run turns until stop, which a timer may call")
    func runsAndStops() throws {
        let loop = try ReadinessLoop()
        var turns = 0
        loop.onTurnEnd = { turns += 1 }
        loop.after(.milliseconds(1)) { loop.stop() }
        try loop.run()
        #expect(turns >= 1)
    }

    @Test("When a loop goes away, so do its channels and their descriptors")
    func goesAway() throws {
        weak var channel: Channel?
        let far = try {
            let (one, other) = try connectedPair()
            let loop = try ReadinessLoop()
            let made = Channel(on: loop, StreamPair(socket: one))
            loop.after(.seconds(1_000)) { made.close() }
            made.send([1])
            channel = made
            return DescriptorInputStream(other)
        }()
        #expect(channel == nil)
        #expect(take(far) == (.end, []))
    }
}

@Suite("Signals", .serialized) struct SignalTests {
    @Test("A signal arrives in the loop, and the loop's end restores what was before")
    func arrives() async {
        await #expect(processExitsWith: .success) {
            signal(SIGUSR2, SIG_IGN)
            do {
                let loop = try ReadinessLoop()
                var got: [Int32] = []
                try loop.onSignal([SIGUSR1, SIGUSR2]) { got.append($0) }
                kill(getpid(), SIGUSR1)
                try loop.turn { got.count == 1 }
                kill(getpid(), SIGUSR2)
                try loop.turn { got.count == 2 }
                #expect(got == [SIGUSR1, SIGUSR2])
                try loop.onSignal([SIGUSR1]) { _ in got = [] }
                kill(getpid(), SIGUSR1)
                try loop.turn { got.isEmpty }
            }
            kill(getpid(), SIGUSR2)
            let again = try ReadinessLoop()
            try again.onSignal([SIGTERM]) { _ in again.stop() }
            kill(getpid(), SIGTERM)
            try again.run()
        }
    }

    @Test("After the loop has gone a signal has its usual effect")
    func restored() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            do {
                let loop = try ReadinessLoop()
                try loop.onSignal([SIGUSR1]) { _ in }
            }
            kill(getpid(), SIGUSR1)
            while true { pause() }
        }
    }

    @Test("Two loops cannot both have the signals")
    func taken() async {
        await #expect(processExitsWith: .success) {
            let (one, other) = (try ReadinessLoop(), try ReadinessLoop())
            try one.onSignal([SIGUSR1]) { _ in }
            let error = #expect(throws: TransportError.self) { try other.onSignal([SIGUSR1]) { _ in } }
            #expect(error?.code == .signalsTaken)
        }
    }
}
