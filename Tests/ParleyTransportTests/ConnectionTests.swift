import Foundation
import Glibc
import ParleyTransport
import Testing

@Suite("Listening and dialing") struct ConnectionTests {
    let loop: ReadinessLoop

    init() throws { loop = try ReadinessLoop() }

    private func dial(_ endpoint: Endpoint, timeout: Duration = patience) throws -> Dialer.Answer {
        var answer: Dialer.Answer?
        Dialer(on: loop, to: endpoint, timeout: timeout) { answer = $0 }
        try loop.turn { answer != nil }
        return try #require(answer)
    }

    private func failure(_ answer: Dialer.Answer) -> TransportError? {
        if case .failure(let error) = answer { error } else { nil }
    }

    @Test("A listener on port 0 reports its port and who came", arguments: ["127.0.0.1", "::1"])
    func portZero(_ host: String) throws {
        let listener = try Listener(on: loop, at: Endpoint(host: host, port: 0))
        #expect(listener.address.port != 0 && listener.address.host == host)
        var peers: [SocketAddress] = []
        listener.onAccept = { peers.append($1) }
        _ = try dial(listener.address.endpoint).get()
        try loop.turn { !peers.isEmpty }
        #expect(peers[0].host == host && peers[0].isLoopback)
        listener.close()
    }

    @Test("A name is looked up, and all its addresses are tried")
    func name() throws {
        let listener = try Listener(on: loop, at: loopback)
        let endpoint = Endpoint(host: "localhost", port: listener.address.port)
        _ = try dial(endpoint).get()
        listener.close()
    }

    @Test("A port where nobody listens is refused, in words")
    func refused() throws {
        let listener = try Listener(on: loop, at: loopback)
        let place = listener.address
        listener.close()
        let error = try #require(failure(try dial(place.endpoint)))
        #expect(error.code == .refused)
        #expect(error.description == "connect \(place): Connection refused")
    }

    @Test("An unknown name is an error of its own, in words")
    func unknownHost() throws {
        let error = try #require(failure(try dial(Endpoint(host: "nowhere.invalid", port: 1))))
        #expect(error.code == .unknownHost)
        #expect(error.description.hasPrefix("resolve nowhere.invalid: "))
    }

    @Test("An address beyond all networks is an error in words")
    func unreachable() throws {
        // Loopback sockets may not leave for the rest of the world; multicast takes no connections.
        let error = try #require(failure(try dial(Endpoint(host: "224.0.0.1", port: 9))))
        #expect(error.code == .unreachable)
        #expect(error.description == "connect 224.0.0.1:9: Network is unreachable")
    }

    @Test("Dialing gives up in time")
    func timeout() throws {
        // A loop that never turns accepts nobody; once its backlog is full, callers wait in vain.
        let silent = try Listener(on: try ReadinessLoop(), at: loopback, backlog: 0)
        var (crowd, error): ([StreamPair], TransportError?) = ([], nil)
        while error == nil, crowd.count < 16 {
            switch try dial(silent.address.endpoint, timeout: .milliseconds(100)) {
            case .success(let streams): crowd.append(streams)
            case .failure(let failure): error = failure
            }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.description == "connect \(silent.address): Connection timed out")
    }

    @Test("A cancelled dial reports nothing, whatever stage it is in", arguments: ["127.0.0.1", "localhost"])
    func cancelled(_ host: String) throws {
        let listener = try Listener(on: loop, at: loopback)
        var (answers, accepted) = (0, 0)
        listener.onAccept = { _, _ in accepted += 1 }
        for turns in 0..<3 {
            let endpoint = Endpoint(host: host, port: listener.address.port)
            let dialer = Dialer(on: loop, to: endpoint) { _ in answers += 1 }
            for _ in 0..<turns { try loop.runOnce(.zero) }
            let before = answers
            dialer.cancel()
            dialer.cancel()
            try settle(loop)
            #expect(answers == before)
        }
        listener.close()
    }

    @Test("An address in use is an error in words")
    func addressInUse() throws {
        let listener = try Listener(on: loop, at: loopback)
        let error = #expect(throws: TransportError.self) {
            try Listener(on: loop, at: listener.address.endpoint)
        }
        #expect(error?.code == .addressInUse)
        #expect(error?.description == "listen \(listener.address): Address already in use")
        listener.close()
    }

    @Test("Without descriptors a listener waits without spinning, and goes on when there are some")
    func outOfDescriptors() async {
        await #expect(processExitsWith: .success) {
            let loop = try ReadinessLoop()
            let listener = try Listener(on: loop, at: loopback)
            var (accepted, troubles, turns): (Int, [TransportError], Int) = (0, [], 0)
            listener.onAccept = { _, _ in accepted += 1 }
            listener.onTrouble = { troubles.append($0) }
            let callers = try (0..<3).map { _ in try call(listener.address) }
            try limitDescriptors(to: 3)
            loop.onTurnEnd = { turns += 1 }
            try loop.turn { troubles.count == 3 }
            #expect(accepted == 0 && turns < 20)
            #expect(troubles.allSatisfy { $0.code == .outOfDescriptors && $0.call == "accept" })
            try limitDescriptors(to: 1_000)
            try loop.turn { accepted == callers.count }
        }
    }
}

/// Calls from a loop of its own; the kernel completes the connection before anybody accepts it.
private func call(_ address: SocketAddress) throws -> StreamPair {
    let loop = try ReadinessLoop()
    var answer: Dialer.Answer?
    Dialer(on: loop, to: address.endpoint) { answer = $0 }
    try loop.turn { answer != nil }
    return try #require(answer).get()
}

private func limitDescriptors(to count: rlim_t) throws {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    getrlimit(resource, &limit)
    limit.rlim_cur = min(count, limit.rlim_max)
    try #require(setrlimit(resource, &limit) == 0)
}
