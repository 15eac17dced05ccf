/// A host and a port as people write them: `example.org:7470`, `127.0.0.1:0`, `[::1]:7470`.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A name or a numeric address, without brackets.
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        (self.host, self.port) = (host, port)
    }

    /// An IPv6 address must stand in brackets: `::1:80` could be read two ways.
    package init(_ text: String) throws(TransportError) {
        guard let colon = text.lastIndex(of: ":") else {
            throw Self.bad(text, "expected HOST:PORT")
        }
        let (host, port) = (text[..<colon], text[text.index(after: colon)...])
        self.host = try Self.host(host, in: text)
        self.port = try Self.port(port, in: text)
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func host(_ part: Substring, in text: String) throws(TransportError) -> String {
        let bracketed = part.hasPrefix("[") && part.hasSuffix("]") && part.count > 2
        let host = bracketed ? part.dropFirst().dropLast() : part
        if host.isEmpty { throw bad(text, "the host is missing") }
        if host.contains(where: { "[]/ \0".contains($0) }) { throw bad(text, "that is not a host") }
        if host.contains(":") && !bracketed {
            throw bad(text, "an IPv6 address stands in brackets, as in [::1]:7470")
        }
        return String(host)
    }

    private static func port(_ part: Substring, in text: String) throws(TransportError) -> UInt16 {
        guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(part) else {
            throw bad(text, "the port is a number from 0 to 65535")
        }
        return port
    }

    private static func bad(_ text: String, _ why: String) -> TransportError {
        TransportError(.badEndpoint, call: "address", place: text, detail: why)
    }
}
