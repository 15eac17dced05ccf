import Glibc
import ParleyTransport
import Testing

@Suite("Endpoints and addresses") struct EndpointTests {
    @Test(
        "An endpoint is read and written the same way",
        arguments: [
            ("example.org:7470", "example.org", 7470), ("127.0.0.1:0", "127.0.0.1", 0),
            ("[::1]:65535", "::1", 65535), ("localhost:1", "localhost", 1),
        ] as [(String, String, UInt16)])
    func reads(_ text: String, _ host: String, _ port: UInt16) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint == Endpoint(host: host, port: port))
        #expect(endpoint.description == text)
    }

    @Test(
        "What is not HOST:PORT is refused with a reason",
        arguments: [
            ("", "expected HOST:PORT"), ("host", "expected HOST:PORT"), (":80", "the host is missing"),
            ("host:", "the port is a number from 0 to 65535"),
            ("host:+1", "the port is a number from 0 to 65535"),
            ("host:65536", "the port is a number from 0 to 65535"), ("[]:1", "that is not a host"),
            ("::1:80", "an IPv6 address stands in brackets, as in [::1]:7470"),
            ("a b:1", "that is not a host"),
        ])
    func refuses(_ text: String, _ why: String) {
        #expect(throws: TransportError(.badEndpoint, call: "address", place: text, detail: why)) {
            try Endpoint(text)
        }
    }

    @Test(
        "Loopback is told from the rest, and limits count by household",
        arguments: [
            ("127.0.0.1:5", true, [127, 0, 0, 1]), ("127.9.9.9:5", true, [127, 9, 9, 9]),
            ("[::1]:5", true, [0, 0, 0, 0, 0, 0, 0, 0]), ("[::ffff:127.0.0.1]:5", true, [127, 0, 0, 1]),
            ("[::ffff:10.1.2.3]:5", false, [10, 1, 2, 3]), ("0.0.0.0:5", false, [0, 0, 0, 0]),
            ("[::]:5", false, [0, 0, 0, 0, 0, 0, 0, 0]),
            ("[2001:db8:1:2:3:4:5:6]:5", false, [0x20, 1, 0xd, 0xb8, 0, 1, 0, 2]),
        ] as [(String, Bool, [UInt8])])
    func classifies(_ text: String, _ isLoopback: Bool, _ key: [UInt8]) throws {
        let addresses = try SocketAddress.resolve(try Endpoint(text), flags: AI_NUMERICHOST)
        let address = try #require(addresses.first)
        #expect(address.isLoopback == isLoopback)
        #expect(address.limitKey == key)
        #expect(address.port == 5)
    }

    @Test("An error says what was tried, where, and why")
    func describes() {
        let error = TransportError(111, call: "connect", place: "127.0.0.1:1")
        #expect(error.description == "connect 127.0.0.1:1: Connection refused")
        #expect(error.code == .refused)
    }
}
