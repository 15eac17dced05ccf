package import Foundation

/// The encrypted channel: a pair of streams round the streams of a connection. Who reads and writes them
/// knows nothing of it but that `streamStatus` is `.opening` while the handshake is under way.
///
/// Handshake messages (see ``Handshake``) and records alike are
///
///     +--------------------+=========+
///     | length, big-endian | sealed  |     a record: 1 to 65,519 bytes of plain text, and 16 more
///     |         2          |         |
///     +--------------------+=========+
///
/// A server that cannot read the first message answers with one byte, 1, in place of the second one: it is
/// not proved, but it tells an honest client that the server has another key from a connection that was cut.
///
/// Nothing is negotiable, and there is no way round it. After a fault nothing more is read or written.
package final class SecureLink {
    /// Bytes of plain text in one record at most.
    package static let longest = 65_535 - RecordCipher.tag
    static let refusal: [UInt8] = [0, 1, 1]

    /// The handshake is complete: the other end holds the secret of this key. Called before any of its bytes
    /// are read.
    package var onOpen: (_ peer: [UInt8]) -> Void = { _ in }
    /// A server's: the other end knows this server's key, as nobody does who was never given it.
    package var onKnown: () -> Void = {}
    package private(set) var isOpen = false
    package private(set) var failure: TransportError?

    private let isClient: Bool
    private var handshake: Handshake
    private var sending: RecordCipher?
    private var receiving: RecordCipher?
    /// Sealed, and not taken by the inner stream yet: `outbox[sent...]`.
    private var outbox: [UInt8] = []
    private var sent = 0

    init(_ side: Handshake.Side, own: [UInt8]) throws(TransportError) {
        if case .client = side { isClient = true } else { isClient = false }
        do {
            handshake = try Handshake(side, own: own)
            if isClient { outbox = Self.framed(try handshake.next()) }
        } catch { throw Self.error(error, isClient: isClient, message: 0) }
    }

    private static func framed(_ message: [UInt8]) -> [UInt8] { length(message.count) + message }

    fileprivate static func length(ofSealed plain: Int) -> [UInt8] { length(plain + RecordCipher.tag) }

    private static func length(_ count: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
    }
}

// MARK: - In

extension SecureLink {
    /// Whether a message of this length may come now; judged before anything is kept for it.
    func admits(_ length: Int) -> Bool {
        if isOpen { return length > RecordCipher.tag }
        return length == handshake.awaited || isClient && length == 1
    }

    /// Takes a message of the handshake.
    func take(_ message: ArraySlice<UInt8>) {
        let number = handshake.done
        if message.count == 1 { return fail(.proof, number) }
        do throws(Handshake.Fault) {
            try handshake.take(message)
            if number == 0 { onKnown() }
            if handshake.speaks { outbox += Self.framed(try handshake.next()) }
            if handshake.isComplete { open() }
        } catch { fail(error, number) }
    }

    private func open() {
        let ciphers = handshake.ciphers()
        (sending, receiving, isOpen) = (ciphers.sending, ciphers.receiving, true)
        let report = onOpen
        (onOpen, onKnown) = ({ _ in }, {})
        report(handshake.peer)
    }

    /// - Returns: the plain text of a record; nil after a fault.
    func unseal(_ record: ArraySlice<UInt8>) -> Data? {
        do throws(Handshake.Fault) { return try receiving?.open(record) } catch {
            failure = Self.error(error, isClient: isClient, message: nil)
            return nil
        }
    }

    /// What came cannot be what should come.
    func refuseLength() { fail(.length, isOpen ? nil : handshake.done) }

    /// The stream has ended in the middle of a message.
    func cut() {
        failure = TransportError(
            .closed, call: isOpen ? "read" : "handshake", detail: "the connection was cut")
    }

    private func fail(_ fault: Handshake.Fault, _ message: Int?) {
        failure = Self.error(fault, isClient: isClient, message: message)
        if message == 0 { (outbox, sent) = (Self.refusal, 0) }
    }

    private static func error(_ fault: Handshake.Fault, isClient: Bool, message: Int?) -> TransportError {
        guard let message else {
            return TransportError(
                .forged, call: "read", detail: "a record was altered, repeated or left out on the way")
        }
        let foreign = "the other end does not speak Parley's encrypted channel"
        let stranger =
            isClient
            ? "the other end does not hold the key by which this server is known"
            : "the client expects a server with another key"
        let (code, detail): (TransportError.Code, String) =
            switch fault {
            case .length: (.notSecure, foreign)
            case .weakKey: (.notSecure, "the other end's key is weak")
            case .proof where message == 2: (.forged, "the end of the handshake does not hold")
            case .proof, .exhausted: (.wrongKey, stranger)
            }
        return TransportError(code, call: "handshake", detail: detail)
    }
}

// MARK: - Out

extension SecureLink {
    var hasOutput: Bool { sent < outbox.count }

    /// Seals one record. Everything before it has been passed on.
    /// - Returns: false after a fault.
    func seal(_ plain: UnsafeRawBufferPointer) -> Bool {
        do throws(Handshake.Fault) {
            guard let framed = try sending?.seal(plain, behind: Self.length(ofSealed: plain.count))
            else { return false }
            (outbox, sent) = (framed, 0)
            return true
        } catch {
            failure = Self.error(error, isClient: isClient, message: nil)
            return false
        }
    }

    /// - Returns: what seals the next record, which then must be given back as a ``SealedRecord``.
    func recordAhead(_ plain: ArraySlice<UInt8>) -> PlainRecord? { sending.map { PlainRecord(plain, $0) } }

    func take(_ record: SealedRecord) { (outbox, sent, sending) = (record.bytes, 0, record.cipher) }

    /// Offers the inner stream what it has not taken yet. An idle connection keeps no buffer.
    func passOn(to inner: OutputStream) {
        while hasOutput {
            let result = outbox.withUnsafeBufferPointer { inner.transfer(.init(rebasing: $0[sent...])) }
            guard case .moved(let count) = result, count > 0 else { return }
            sent += count
        }
        (outbox, sent) = ([], 0)
    }
}

/// A record that is to be sealed: a value, so that those of many connections are sealed side by side.
struct PlainRecord: Sendable {
    private let plain: ArraySlice<UInt8>
    private let cipher: RecordCipher

    fileprivate init(_ plain: ArraySlice<UInt8>, _ cipher: RecordCipher) {
        self.plain = plain
        self.cipher = cipher
    }

    /// - Returns: nil where it cannot be sealed; whoever writes will meet the reason.
    func sealed() -> SealedRecord? {
        var cipher = cipher
        let length = SecureLink.length(ofSealed: plain.count)
        guard let bytes = try? cipher.seal(plain, behind: length) else { return nil }
        return SealedRecord(bytes: bytes, count: plain.count, cipher: cipher)
    }
}

/// What a ``PlainRecord`` becomes.
struct SealedRecord: Sendable {
    /// As they are sent, and how many bytes of plain text they hold.
    fileprivate let bytes: [UInt8]
    fileprivate let count: Int
    /// That of the next record.
    fileprivate let cipher: RecordCipher
}

/// The reading half. It answers as ``DescriptorInputStream`` does.
package final class SecureInputStream: InputStream {
    private let inner: InputStream
    private let link: SecureLink
    /// Read, and not opened yet: `raw[start...]`.
    private var raw: [UInt8] = []
    private var start = 0
    /// Opened, and not taken yet.
    private var plain = Data()

    init(_ inner: InputStream, _ link: SecureLink) {
        (self.inner, self.link) = (inner, link)
        super.init(data: Data())
    }

    override package func read(_ buffer: UnsafeMutablePointer<UInt8>, maxLength length: Int) -> Int {
        guard length > 0 else { return -1 }
        while plain.isEmpty {
            guard link.failure == nil else { return -1 }
            if let message = nextMessage() {
                if link.isOpen { plain = link.unseal(message) ?? Data() } else { link.take(message) }
                continue
            }
            guard link.failure == nil, case .moved = refill() else { return ended() }
        }
        let count = min(length, plain.count)
        plain.copyBytes(to: buffer, count: count)
        plain = count == plain.count ? Data() : plain.dropFirst(count)
        return count
    }

    /// The next whole message without its length. A length is judged before the rest of it is waited for.
    private func nextMessage() -> ArraySlice<UInt8>? {
        guard raw.count - start >= 2 else { return nil }
        let length = Int(raw[start]) << 8 | Int(raw[start + 1])
        guard link.admits(length) else {
            link.refuseLength()
            return nil
        }
        guard raw.count - start >= 2 + length else { return nil }
        defer { start += 2 + length }
        return raw[start + 2..<start + 2 + length]
    }

    /// Reads once. Between two reads only the beginning of a message is kept, and while the other end is
    /// silent nothing.
    private func refill() -> Transfer {
        var result = Transfer.wouldBlock
        let piece = [UInt8](unsafeUninitializedCapacity: 65_536) { space, count in
            result = inner.transfer(into: space)
            if case .moved(let moved) = result { count = moved }
        }
        let left = raw[start...]
        raw = left.isEmpty ? piece : left + piece
        if case .moved = result {} else { raw = Array(left) }
        start = 0
        return result
    }

    private func ended() -> Int {
        guard link.failure == nil, inner.streamStatus == .atEnd else { return -1 }
        guard raw.isEmpty else {
            link.cut()
            return -1
        }
        return 0
    }

    override package var hasBytesAvailable: Bool { !plain.isEmpty || inner.hasBytesAvailable }
    override package var streamStatus: Stream.Status { link.failure == nil ? inner.streamStatus : .error }
    override package var streamError: (any Error)? { link.failure ?? inner.streamError }
    override package func open() { inner.open() }
    override package func close() { inner.close() }
    override package func getBuffer(
        _ buffer: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, length: UnsafeMutablePointer<Int>
    ) -> Bool { false }
}

/// The writing half: takes one record's worth at a time, and holds it until the inner stream has it.
package final class SecureOutputStream: OutputStream {
    private let inner: OutputStream
    private let link: SecureLink?

    init(_ inner: OutputStream, _ link: SecureLink) {
        (self.inner, self.link) = (inner, link)
        super.init(toMemory: ())
    }

    /// Foundation demands this initializer of every subclass; such a stream leads nowhere.
    package required init(toMemory: ()) {
        (inner, link) = (OutputStream(toMemory: ()), nil)
        super.init(toMemory: ())
    }

    override package func write(_ buffer: UnsafePointer<UInt8>, maxLength length: Int) -> Int {
        guard let link, link.failure == nil else { return -1 }
        link.passOn(to: inner)
        guard length > 0, link.isOpen, !link.hasOutput, inner.streamStatus == .open else {
            return length == 0 && inner.streamStatus == .open ? 0 : -1
        }
        let count = min(length, SecureLink.longest)
        guard link.seal(UnsafeRawBufferPointer(start: buffer, count: count)) else { return -1 }
        link.passOn(to: inner)
        return count
    }

    /// What writing these bytes would seal; nil where it would not do so at once, or take only some of them.
    func recordAhead(_ bytes: ArraySlice<UInt8>) -> PlainRecord? {
        guard let link, hasSpaceAvailable, link.isOpen, bytes.count <= SecureLink.longest else { return nil }
        return link.recordAhead(bytes)
    }

    /// As if its bytes had been written.
    /// - Returns: how many.
    func take(_ record: SealedRecord) -> Int {
        link?.take(record)
        return record.count
    }

    override package var hasSpaceAvailable: Bool {
        guard let link, link.failure == nil else { return false }
        return !link.hasOutput && inner.hasSpaceAvailable
    }

    override package var streamStatus: Stream.Status {
        guard let link, inner.streamStatus == .open else { return inner.streamStatus }
        return link.failure != nil ? .error : link.isOpen ? .open : .opening
    }

    override package var streamError: (any Error)? { link?.failure ?? inner.streamError }
    override package func open() { inner.open() }

    /// A refusal still goes out, as far as the inner stream takes it at once.
    override package func close() {
        if link?.failure != nil, inner.streamStatus == .open { link?.passOn(to: inner) }
        inner.close()
    }
}

extension StreamPair {
    /// Puts the encrypted channel round the streams.
    /// - Parameter own: this end's secret X25519 key, 32 bytes.
    package func secured(
        as side: Handshake.Side, own: [UInt8]
    ) throws(TransportError) -> (streams: StreamPair, link: SecureLink) {
        let link = try SecureLink(side, own: own)
        var pair = self
        pair.input = SecureInputStream(input, link)
        pair.output = SecureOutputStream(output, link)
        return (pair, link)
    }
}
