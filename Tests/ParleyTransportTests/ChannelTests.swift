import Foundation
import Glibc
import ParleyTransport
import Testing

@Suite("Channels") struct ChannelTests {
    @Test("A slow reader gets everything in order while the writer's queue stays bounded")
    func backpressure() throws {
        let loop = try ReadinessLoop()
        let (client, server) = try tcpPair(loop)
        let (writer, reader) = (Channel(on: loop, client), Witness(Channel(on: loop, server)))
        let (slice, total) = (100_000, 10_000_000)
        let bytes = pattern(total)
        var (sent, highest) = (0, 0)
        func next() {
            guard sent < total else { return writer.finish() }
            writer.send(Array(bytes[sent..<sent + slice]))
            sent += slice
            highest = max(highest, writer.pendingBytes)
        }
        writer.onDrained = next
        reader.channel.pauseReading()
        next()
        try settle(loop)
        try settle(loop)
        #expect(sent < total, "the kernel alone cannot hold it all")
        let (slow, receive) = (reader.channel, reader.channel.onReceive)
        slow.onReceive = {
            receive($0)
            slow.pauseReading()
            loop.after(.microseconds(100)) { slow.resumeReading() }
        }
        slow.resumeReading()
        try loop.turn { !reader.ends.isEmpty }
        #expect(reader.received == bytes)
        #expect(highest <= Channel.Limits().lowWater + slice)
        #expect(reader.ends == [.endOfInput])
    }

    @Test("Several channels send one array, and many short messages arrive in order")
    func sharedArray() throws {
        let loop = try ReadinessLoop()
        let shared = pattern(70_000)
        let pairs = try (0..<3).map { _ in try connectedPair() }
        let writers = pairs.map { Channel(on: loop, StreamPair(socket: $0.one)) }
        let readers = pairs.map { Witness(Channel(on: loop, StreamPair(socket: $0.other))) }
        let short = (0..<1_000).map { pattern($0 % 50) }
        for writer in writers {
            writer.send([1])
            writer.send(shared)
            short.forEach(writer.send)
        }
        let expected = [1] + shared + short.joined()
        try loop.turn { readers.allSatisfy { $0.received.count == expected.count } }
        #expect(readers.allSatisfy { $0.received == expected })
        #expect(writers.allSatisfy { $0.pendingBytes == 0 })
    }

    @Test("Five hundred connections are echoed through one loop")
    func manyConnections() throws {
        raiseDescriptorLimit()
        let loop = try ReadinessLoop()
        let listener = try Listener(on: loop, at: loopback)
        listener.onAccept = { streams, _ in
            let channel = Channel(on: loop, streams)
            channel.onReceive = { [unowned channel] in channel.send(Array($0)) }
        }
        var (clients, failures): ([Witness], [TransportError]) = ([], [])
        for index in 0..<500 {
            Dialer(on: loop, to: listener.address.endpoint, timeout: patience) { answer in
                switch answer {
                case .success(let streams):
                    clients.append(Witness(Channel(on: loop, streams)))
                    clients.last?.channel.send(pattern(1_000 + index))
                case .failure(let error): failures.append(error)
                }
            }
        }
        try loop.turn {
            !failures.isEmpty || clients.count == 500 && clients.allSatisfy { $0.received.count >= 1_000 }
        }
        #expect(failures == [])
        for client in clients { client.channel.finish() }
        try loop.turn { clients.allSatisfy { !$0.ends.isEmpty } }
        #expect(clients.allSatisfy { $0.ends == [.finished] })
        listener.close()
    }

    @Test("A reader is served no more than its share of a turn, and the rest in the next")
    func boundedTurn() throws {
        let loop = try ReadinessLoop()
        let (one, other) = try connectedPair()
        var limits = Channel.Limits()
        limits.perTurn = 10
        let witness = Witness(Channel(on: loop, StreamPair(socket: one), limits: limits))
        #expect(put(pattern(25), DescriptorOutputStream(other)) == .moved(25))
        try loop.runOnce(patience)
        #expect(witness.received.count == 10)
        try loop.runOnce(patience)
        #expect(witness.received.count == 20)
        try loop.runOnce(patience)
        #expect(witness.received == pattern(25))
    }

    private func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 8_192))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

@Suite("The end of a channel comes once") struct ChannelEndTests {
    let loop: ReadinessLoop
    let witness: Witness
    let peer: StreamPair

    init() throws {
        loop = try ReadinessLoop()
        let (one, other) = try connectedPair()
        var limits = Channel.Limits()
        limits.linger = .milliseconds(50)
        witness = Witness(Channel(on: loop, StreamPair(socket: one), limits: limits))
        peer = StreamPair(socket: other)
    }

    private func expectEnd(_ end: Channel.End) throws {
        try loop.turn { !witness.ends.isEmpty }
        witness.channel.close()
        witness.channel.finish()
        witness.channel.send([1])
        witness.channel.resumeReading()
        try settle(loop)
        #expect(witness.ends == [end])
        #expect(!witness.channel.isOpen && witness.channel.pendingBytes == 0)
    }

    @Test("when the peer ends its output, after what it sent last was read and answered")
    func endOfInput() throws {
        #expect(put([1, 2], peer.output) == .moved(2))
        peer.output.close()
        var isAnswered = false
        loop.onTurnEnd = { [unowned witness] in
            guard witness.received == [1, 2], !isAnswered else { return }
            isAnswered = true
            witness.channel.send([3])
        }
        try expectEnd(.endOfInput)
        #expect(take(peer.input) == (.moved(1), [3]))
        #expect(take(peer.input) == (.end, []))
    }

    @Test("when it is closed, from outside a turn")
    func closed() throws {
        witness.channel.send([1])
        witness.channel.close()
        #expect(witness.ends == [], "never from within a call")
        try expectEnd(.closed)
        #expect(take(peer.input) == (.end, []))
    }

    @Test("when it is closed while receiving, and nothing is received after")
    func closedInside() throws {
        let channel = witness.channel
        var calls = 0
        channel.onReceive = { _ in
            calls += 1
            channel.close()
        }
        #expect(put(pattern(100_000), peer.output) == .moved(100_000))
        try expectEnd(.closed)
        #expect(calls == 1)
    }

    @Test("when it finished and the peer read everything and ended too")
    func finished() throws {
        witness.channel.send([4, 5])
        witness.channel.finish()
        witness.channel.send([6])
        try settle(loop)
        #expect(take(peer.input) == (.moved(2), [4, 5]))
        #expect(take(peer.input) == (.end, []))
        peer.output.close()
        try expectEnd(.finished)
    }

    @Test("when it finished, everything was handed over, and the peer never ends")
    func lingered() throws {
        witness.channel.send([4, 5])
        witness.channel.finish()
        try expectEnd(.finished)
        #expect(take(peer.input) == (.moved(2), [4, 5]))
    }

    @Test("when it finished and the peer does not read")
    func lingerExpired() throws {
        witness.channel.send(pattern(8 << 20))
        witness.channel.finish()
        try expectEnd(.lingerExpired)
    }

    @Test("when the peer has gone and there is something to write")
    func broken() throws {
        witness.channel.pauseReading()
        peer.input.close()
        peer.output.close()
        witness.channel.send(pattern(10))
        try expectEnd(.failed(TransportError(EPIPE, call: "write")))
    }

    @Test("when the connection is reset")
    func reset() throws {
        witness.channel.send([1])
        try settle(loop)
        peer.input.close()
        peer.output.close()
        try expectEnd(.failed(TransportError(ECONNRESET, call: "read")))
    }
}
