import Glibc

/// A numeric IPv4 or IPv6 address with its port, kept as the bytes the kernel uses:
///
///     IPv4   family:2  port:2 (big-endian)  address:4            zero:8
///     IPv6   family:2  port:2 (big-endian)  flow:4    address:16  scope:4
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    /// Nil unless the bytes are a whole IPv4 or IPv6 socket address.
    init?(bytes: [UInt8]) {
        guard bytes.count >= MemoryLayout<sockaddr_in>.size else { return nil }
        let family = bytes.withUnsafeBytes { Int32($0.load(as: sa_family_t.self)) }
        let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        guard family == AF_INET || family == AF_INET6, bytes.count >= size else { return nil }
        self.bytes = Array(bytes.prefix(size))
    }

    var family: Int32 { bytes.count == MemoryLayout<sockaddr_in>.size ? AF_INET : AF_INET6 }

    package var port: UInt16 { UInt16(bytes[2]) << 8 | UInt16(bytes[3]) }

    /// The address as text, without port: `127.0.0.1`, `::1`, `fe80::1%eth0`.
    package var host: String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = withPointer { pointer, length in
            getnameinfo(pointer, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        }
        guard status == 0 else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    package var endpoint: Endpoint { Endpoint(host: host, port: port) }

    package var description: String { endpoint.description }

    /// What a limit per address counts by: the IPv4 address, or the first 64 bits of an IPv6 address, since
    /// a single household owns all addresses below them. An IPv4 peer of an IPv6 socket counts as IPv4.
    package var limitKey: [UInt8] {
        ipv4.map(Array.init) ?? Array(bytes[8..<16])
    }

    /// True for 127.0.0.0/8 and ::1, by whichever family it is written.
    package var isLoopback: Bool {
        if let ipv4 { return ipv4.first == 127 }
        return bytes[8..<24].dropLast().allSatisfy { $0 == 0 } && bytes[23] == 1
    }

    private var ipv4: ArraySlice<UInt8>? {
        if family == AF_INET { return bytes[4..<8] }
        let mapped = bytes[8..<18].allSatisfy { $0 == 0 } && bytes[18] == 0xff && bytes[19] == 0xff
        return mapped ? bytes[20..<24] : nil
    }

    func withPointer<R>(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> R) -> R {
        bytes.withUnsafeBytes { body($0.bindMemory(to: sockaddr.self).baseAddress, socklen_t($0.count)) }
    }
}

extension SocketAddress {
    /// An address that some call fills in: `accept`, `getsockname`. Nil if the call returns below zero.
    static func filled(
        by call: (UnsafeMutablePointer<sockaddr>?, inout socklen_t) -> Int32
    ) -> (result: Int32, address: SocketAddress?) {
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        var length = socklen_t(bytes.count)
        let result = bytes.withUnsafeMutableBytes {
            call($0.bindMemory(to: sockaddr.self).baseAddress, &length)
        }
        guard result >= 0 else { return (result, nil) }
        return (result, SocketAddress(bytes: Array(bytes.prefix(Int(length)))))
    }

    /// The addresses of an endpoint, in the order the system prefers. Asks name servers and may take long
    /// unless `flags` holds `AI_NUMERICHOST`.
    package static func resolve(
        _ endpoint: Endpoint, flags: Int32 = 0
    ) throws(TransportError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0 else { throw unresolved(endpoint, status, errno) }
        let found = sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { $0.flatMap(address) }
        if found.isEmpty { throw unresolved(endpoint, EAI_NONAME, 0) }
        return found
    }

    static func unresolved(_ endpoint: Endpoint, _ status: Int32, _ number: Int32) -> TransportError {
        if status == EAI_SYSTEM {
            return TransportError(number, call: "resolve", place: endpoint.host)
        }
        let why = String(cString: gai_strerror(status))
        return TransportError(.unknownHost, call: "resolve", place: endpoint.host, detail: why)
    }

    private static func address(_ info: UnsafeMutablePointer<addrinfo>) -> SocketAddress? {
        guard let pointer = info.pointee.ai_addr else { return nil }
        let raw = UnsafeRawBufferPointer(start: pointer, count: Int(info.pointee.ai_addrlen))
        return SocketAddress(bytes: Array(raw))
    }
}
