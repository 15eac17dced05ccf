internal import Foundation

/// Memory that does not move while a batch is merged, so that SQLite can be handed texts where they lie.
final class Arena {
    private var chunks: [UnsafeMutableRawBufferPointer] = []
    private var used = 0
    /// Bytes handed out since the last `reset`.
    private(set) var size = 0
    private let chunkSize: Int

    init(chunkSize: Int) { self.chunkSize = chunkSize }

    deinit { for chunk in chunks { chunk.deallocate() } }

    /// - Returns: the copy, valid until `reset`.
    func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let place = take(bytes.count)
        place.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(place)
    }

    private func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
        guard let chunk = room(for: count) else {
            return UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        defer {
            used += count
            size += count
        }
        return UnsafeMutableRawBufferPointer(rebasing: chunk[used..<used + count])
    }

    /// - Returns: a copy of `content` behind `head`.
    func copy(_ head: [UInt8], _ content: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let whole = take(head.count + content.count)
        whole.copyBytes(from: head)
        UnsafeMutableRawBufferPointer(rebasing: whole[head.count...]).copyMemory(from: content)
        return UnsafeRawBufferPointer(whole)
    }

    func copy(_ bytes: [UInt8]) -> UnsafeRawBufferPointer { bytes.withUnsafeBytes { copy($0) } }

    /// Forgets all copies; keeps the first piece of memory for the next ones.
    func reset() {
        used = 0
        size = 0
        while chunks.count > 1 { chunks.removeLast().deallocate() }
    }

    private func room(for count: Int) -> UnsafeMutableRawBufferPointer? {
        if count == 0 { return nil }
        if let last = chunks.last, used + count <= last.count { return last }
        chunks.append(.allocate(byteCount: max(count, chunkSize), alignment: 16))
        used = 0
        return chunks.last
    }
}

/// Bytes that lie elsewhere, equal if they are the same bytes. (CBOR here is deterministic: equal values
/// have equal bytes.)
struct ValueBytes: Hashable {
    let buffer: UnsafeRawBufferPointer

    @inline(__always)
    static func == (left: ValueBytes, right: ValueBytes) -> Bool {
        guard left.buffer.count == right.buffer.count else { return false }
        guard let first = left.buffer.baseAddress, let second = right.buffer.baseAddress else { return true }
        return memcmp(first, second, left.buffer.count) == 0
    }

    func hash(into hasher: inout Hasher) { hasher.combine(bytes: buffer) }
}
