import Foundation
import Glibc
import ParleyTransport
import Testing

@Suite("Child processes") struct ChildProcessTests {
    let loop: ReadinessLoop

    init() throws { loop = try ReadinessLoop() }

    private func run(
        _ command: String, sending bytes: [UInt8] = []
    ) throws -> (Witness, ChildProcess.Exit?) {
        let child = try ChildProcess(on: loop, command: command)
        var exits: [ChildProcess.Exit] = []
        child.onExit = { exits.append($0) }
        let witness = Witness(Channel(on: loop, child.streams))
        if !bytes.isEmpty { witness.channel.send(bytes) }
        try loop.turn { witness.received.count >= bytes.count && (!bytes.isEmpty || !witness.ends.isEmpty) }
        witness.channel.finish()
        try loop.turn { !exits.isEmpty && !witness.ends.isEmpty }
        #expect(exits == [child.exit])
        return (witness, child.exit)
    }

    @Test("What cat is given comes back, and it ends when its input does")
    func echo() throws {
        let (witness, exit) = try run("cat", sending: pattern(1_000_000))
        expectPattern(1_000_000, in: witness.received)
        #expect(witness.ends == [.finished])
        #expect(exit == .exited(0))
    }

    @Test("A child that ends early ends the channel, and its exit is told", arguments: [0, 3, 255])
    func early(_ status: Int32) throws {
        let (witness, exit) = try run("printf bye; exit \(status)")
        #expect(witness.received == Array("bye".utf8))
        #expect(witness.ends == [.endOfInput])
        #expect(exit == .exited(status))
    }

    @Test("A command that does not exist is the shell's exit 127")
    func notFound() throws {
        let (witness, exit) = try run("exec 2>/dev/null; parley-no-such-command")
        #expect(witness.received == [])
        #expect(exit == .exited(127))
    }

    @Test("A child that closes its input while we write does not end us")
    func closedInput() throws {
        let child = try ChildProcess(on: loop, command: "exec <&-; echo ready; exec cat /dev/zero")
        let witness = Witness(Channel(on: loop, child.streams))
        try loop.turn { !witness.received.isEmpty }
        witness.channel.pauseReading()  // what else it writes waits in the pipe, not in our memory
        // A process that another test is just starting may hold the pipe's other end until its exec, so
        // that one write still succeeds: write until it does not.
        try loop.turn {
            witness.channel.send([1])
            return !witness.ends.isEmpty
        }
        #expect(witness.ends == [.failed(TransportError(EPIPE, call: "write"))])
        try loop.turn { child.exit != nil }
        #expect(child.exit == .signalled(SIGPIPE), "the child has the usual signals")
    }

    @Test("A terminated child says by which signal")
    func terminated() throws {
        let child = try ChildProcess(on: loop, command: "echo ready; exec cat")
        let witness = Witness(Channel(on: loop, child.streams))
        try loop.turn { !witness.received.isEmpty }
        child.terminate()
        try loop.turn { child.exit != nil && !witness.ends.isEmpty }
        #expect(child.exit == .signalled(SIGTERM))
        #expect(witness.ends == [.endOfInput])
    }

    @Test("A child has none of our descriptors beyond the first three")
    func inheritsNothing() throws {
        let leaky = open("/dev/null", O_RDONLY)
        defer { close(leaky) }
        let (witness, _) = try run(
            "for f in 3 4 5 6 7 8 9; do test -e /proc/self/fd/$f && echo $f; done; true")
        #expect(String(decoding: witness.received, as: UTF8.self) == "")
    }

    @Test("Standard input and output make a channel, and get their blocking mode back")
    func standardChannel() async {
        await #expect(processExitsWith: .success) {
            // The exit test's own process stands for `serve --stdio`; its standard ends are pipes here.
            var (toUs, fromUs): ([Int32], [Int32]) = ([0, 0], [0, 0])
            try #require(pipe(&toUs) == 0 && pipe(&fromUs) == 0)
            dup2(toUs[0], STDIN_FILENO)
            dup2(fromUs[1], STDOUT_FILENO)
            let loop = try ReadinessLoop()
            let witness = Witness(Channel(on: loop, try StreamPair.standard()))
            #expect(write(toUs[1], "hello", 5) == 5)
            try loop.turn { witness.received.count == 5 }
            witness.channel.send(witness.received)
            close(toUs[1])
            try loop.turn { !witness.ends.isEmpty }
            #expect(witness.ends == [.endOfInput])
            var back = [UInt8](repeating: 0, count: 16)
            #expect(read(fromUs[0], &back, 16) == 5)
            #expect(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK == 0)
            #expect(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK == 0)
        }
    }
}
