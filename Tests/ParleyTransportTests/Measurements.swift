import Foundation
import Glibc
import ParleyTransport
import Testing

/// Figures, not tests: `PARLEY_MEASURE=1 swift test -c release --filter Measurements`.
@Suite("Measurements", .serialized, .enabled(if: getenv("PARLEY_MEASURE") != nil))
struct Measurements {
    @Test("Echo latency over loopback, both ends on one loop", arguments: [0, 1_000])
    func latency(_ idle: Int) throws {
        let loop = try ReadinessLoop()
        let crowd = try (0..<idle).map { _ in
            let (near, far) = try tcpPair(loop)
            return [Channel(on: loop, near), Channel(on: loop, far)]
        }
        let (client, server) = try tcpPair(loop)
        let (caller, echo) = (Channel(on: loop, client), Channel(on: loop, server))
        echo.onReceive = { [unowned echo] in echo.send(Array($0)) }
        var (times, begun): ([Duration], ContinuousClock.Instant) = ([], .now)
        caller.onReceive = { [unowned caller] _ in
            times.append(.now - begun)
            begun = .now
            caller.send([1])
        }
        caller.send([1])
        while times.count < 50_000 { try loop.runOnce() }
        times.sort()
        print("echo, \(crowd.count) idle connections: p50 \(times[25_000]), p99 \(times[49_500])")
    }

    @Test("Throughput over loopback, both ends on one loop", arguments: [1_000, 65_536, 262_144])
    func throughput(_ slice: Int) throws {
        let loop = try ReadinessLoop()
        let (client, server) = try tcpPair(loop)
        let (writer, reader) = (Channel(on: loop, client), Channel(on: loop, server))
        let (bytes, total) = (pattern(slice), 2_000_000_000)
        var received = 0
        reader.onReceive = { received += $0.count }
        writer.onDrained = { [unowned writer] in
            while writer.pendingBytes <= 65_536 { writer.send(bytes) }
        }
        writer.send(bytes)
        let time = try ContinuousClock().measure { while received < total { try loop.runOnce() } }
        print("throughput in slices of \(slice): \(Int(Double(received) / 1e6 / (time / .seconds(1)))) MB/s")
    }

    @Test("A handshake, both ends, without streams")
    func handshake() throws {
        let server = try publicKey(of: Keys.server)
        var times: [Duration] = []
        for _ in 0..<2_000 {
            times.append(
                try ContinuousClock().measure {
                    var client = try Handshake(.client(server: server), own: Keys.client)
                    var answer = try Handshake(.server, own: Keys.server)
                    try answer.take(client.next())
                    try client.take(answer.next())
                    try answer.take(client.next())
                })
        }
        times.sort()
        print("handshake, both ends: p50 \(times[1_000]), p99 \(times[1_980])")
    }

    @Test("What a handshake costs a server, whoever begins it")
    func handshakeAtServer() throws {
        let server = try publicKey(of: Keys.server)
        var times: [Duration] = []
        for _ in 0..<2_000 {
            var client = try Handshake(.client(server: server), own: Keys.client)
            let first = try client.next()
            var answer = try Handshake(.server, own: Keys.server)
            let clock = ContinuousClock()
            let half = try clock.measure { try answer.take(first[...]) }
            var second: [UInt8] = []
            let other = try clock.measure { second = try answer.next() }
            try client.take(second[...])
            let third = try client.next()
            times.append(try half + other + clock.measure { try answer.take(third[...]) })
        }
        times.sort()
        print("handshake, the server's end: p50 \(times[1_000]), p99 \(times[1_980])")
    }

    @Test(
        "Records sealed and opened, without streams",
        arguments: [64, 1_024, 4_096, 16_384, SecureLink.longest])
    func records(_ size: Int) throws {
        var (sending, receiving) = (RecordCipher(key: Keys.client), RecordCipher(key: Keys.client))
        let (plain, count) = (pattern(size), max(2_000, 200_000_000 / size))
        var opened = 0
        let time = try ContinuousClock().measure {
            for _ in 0..<count { opened += try receiving.open(sending.seal(plain)).count }
        }
        print(
            "records of \(size), sealed and opened: \(Int(Double(opened) / 1e6 / (time / .seconds(1)))) MB/s")
    }

    @Test(
        "Throughput of the encrypted channel over loopback, both ends on one loop",
        arguments: [1_000, 65_536])
    func secureThroughput(_ slice: Int) throws {
        let loop = try ReadinessLoop()
        let (client, server) = try tcpPair(loop)
        let side = Handshake.Side.client(server: try publicKey(of: Keys.server))
        let writer = Channel(on: loop, try client.secured(as: side, own: Keys.client).streams)
        let reader = Channel(on: loop, try server.secured(as: .server, own: Keys.server).streams)
        let (bytes, total) = (pattern(slice), 1_000_000_000)
        var received = 0
        reader.onReceive = { received += $0.count }
        writer.onDrained = { [unowned writer] in
            while writer.pendingBytes <= 65_536 { writer.send(bytes) }
        }
        writer.send(bytes)
        let time = try ContinuousClock().measure { while received < total { try loop.runOnce() } }
        print("encrypted, in slices of \(slice): \(Int(Double(received) / 1e6 / (time / .seconds(1)))) MB/s")
    }

    @Test("One message to a thousand channels")
    func broadcast() throws {
        let loop = try ReadinessLoop()
        let pairs = try (0..<1_000).map { _ in try tcpPair(loop) }
        let writers = pairs.map { Channel(on: loop, $0.client) }
        var received = 0
        for pair in pairs { Channel(on: loop, pair.server).onReceive = { _ in received += 1 } }
        var times: [Duration] = []
        for _ in 0..<200 {
            let message = pattern(200)
            received = 0
            times.append(
                try ContinuousClock().measure {
                    for writer in writers { writer.send(message) }
                    while received < writers.count { try loop.runOnce() }
                })
        }
        times.sort()
        print("broadcast to 1,000 until the last has it: p50 \(times[100]), p99 \(times[198])")
    }

    @Test("Setting and cancelling a timer among ten thousand")
    func timers() throws {
        let loop = try ReadinessLoop()
        for index in 0..<10_000 { loop.after(.seconds(1_000 + index)) {} }
        let time = ContinuousClock().measure {
            for _ in 0..<100_000 { loop.after(.seconds(5)) {}.cancel() }
        }
        print("timer set and cancelled among 10,000: \(time / 100_000)")
    }
}
