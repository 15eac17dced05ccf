import ParleyCore

/// An invitation in one line: `parley://host:port/word`. The word says everything else; `InviteWord.swift`
/// draws its bytes.
package struct Invite: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        /// The operator's: whoever joins with it founds a workspace on that server.
        case hosting(HostingInvite)
        /// A member's: whoever joins with it enrols a device in a workspace.
        case joining(JoiningInvite)
    }

    /// A host name, an IPv4 address, or an IPv6 address without its brackets.
    package let host: String
    package let port: UInt16
    package let content: Content

    package static let scheme = "parley://"
    /// Bytes of a line at most.
    package static let longest = 8192

    package init(host: String, port: UInt16, content: Content) throws(TrustError) {
        guard port > 0 else { throw TrustError(.invitePort, at: "port") }
        guard Self.isName(host) || Self.isIPv6(host) else { throw TrustError(.inviteHost, at: "host") }
        self.host = host
        self.port = port
        self.content = content
    }

    /// Reads what somebody pasted: blanks around it are left out, and the word may be in small letters, in
    /// groups set off by dashes, and with O for 0 and I or L for 1.
    package init(_ text: String) throws(TrustError) {
        guard text.utf8.count <= Self.longest else { throw TrustError(.inviteDamaged, at: "invite") }
        let line = text.utf8.trimmed
        guard line.count > Self.scheme.utf8.count,
            String(decoding: line.prefix(Self.scheme.utf8.count), as: UTF8.self).lowercased() == Self.scheme
        else { throw TrustError(.inviteScheme, at: "invite") }
        let rest = line.dropFirst(Self.scheme.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            throw TrustError(.inviteDamaged, at: "word")
        }
        let (host, port) = try Self.address(String(decoding: rest[..<slash], as: UTF8.self))
        let word = String(decoding: rest[rest.index(after: slash)...], as: UTF8.self)
        try self.init(host: host, port: port, content: try Content(word: word))
    }

    /// The line, without a newline. It holds a secret: print it, never log it.
    package var text: String {
        let host = Self.isIPv6(host) ? "[\(host)]" : host
        return "\(Self.scheme)\(host):\(port)/\(content.word)"
    }
}

extension Invite {
    private static func address(_ text: String) throws(TrustError) -> (host: String, port: UInt16) {
        guard let colon = text.lastIndex(of: ":") else { throw TrustError(.invitePort, at: "port") }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0
        else {
            throw TrustError(.invitePort, at: "port")
        }
        let host = text[..<colon]
        guard host.hasPrefix("[") else {
            guard isName(host) else { throw TrustError(.inviteHost, at: "host") }
            return (String(host), port)
        }
        let inner = host.dropFirst().dropLast()
        guard host.hasSuffix("]"), isIPv6(inner) else { throw TrustError(.inviteHost, at: "host") }
        return (String(inner), port)
    }

    private static func isName(_ host: some StringProtocol) -> Bool {
        (1...253).contains(host.utf8.count) && !host.hasPrefix("-")
            && host.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    /// The letters of an IPv6 address; whether it is one is for the resolver to say.
    private static func isIPv6(_ host: some StringProtocol) -> Bool {
        (2...45).contains(host.utf8.count) && host.contains(":")
            && host.utf8.allSatisfy { isHex($0) || [0x2E, 0x3A].contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}

extension String.UTF8View {
    /// Without the blanks and line ends at both ends.
    fileprivate var trimmed: Substring.UTF8View {
        let isBlank: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
