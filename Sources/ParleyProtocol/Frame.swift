/// A message on its way: its kind and its payload.
///
///     +----------------------+------+=========+
///     | length, big-endian   | kind | payload |     length counts kind and payload
///     |          4           |  1   |         |
///     +----------------------+------+=========+
package struct Frame: Equatable, Sendable {
    package var kind: UInt8
    package var payload: [UInt8]

    package init(kind: UInt8, payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(5 + payload.count)
        let length = UInt32(payload.count + 1)
        withUnsafeBytes(of: length.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(kind)
        bytes.append(contentsOf: payload)
        return bytes
    }
}

/// Cuts a stream of bytes, in pieces of any size, into frames. A length is checked before anything is kept
/// for it. Invariant: `buffer[..<start]` has been delivered and is dropped once a read.
package struct FrameReader: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0
    /// The longest frame that is taken now.
    package var limit: Int

    package init(limit: Int) { self.limit = limit }

    /// Bytes of a frame that has begun and not ended.
    package var partial: Int { buffer.count - start }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The buffer of a long frame is not kept for the short ones that follow.
    private static let kept = 128 * 1024

    /// The next whole frame; nil where more bytes are needed.
    package mutating func next() throws(ProtocolError) -> Frame? {
        if partial == 0, buffer.capacity > Self.kept { (buffer, start) = ([], 0) }
        guard partial >= 4 else { return nil }
        let length = buffer[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length >= 1 else { throw ProtocolError(.malformed, "a frame of length 0") }
        guard length <= limit else {
            throw ProtocolError(.limit, "a frame of \(length) bytes where \(limit) are allowed")
        }
        guard partial >= 4 + length else { return nil }
        let body = start + 4
        start = body + length
        return Frame(kind: buffer[body], payload: Array(buffer[body + 1..<start]))
    }
}
