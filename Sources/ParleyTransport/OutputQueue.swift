/// Bytes on their way out: whole arrays, shared with whoever else sends them, and a cursor into the first.
/// Nothing is moved when a part has been written.
///
///     chunks   [ gone ][ gone ][ ....offset|.......... ][ ......... ]
///                                ^ head
struct OutputQueue {
    private var chunks: [[UInt8]] = []
    private var head = 0
    private var offset = 0
    /// How many bytes wait.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        chunks.append(bytes)
        count += bytes.count
    }

    /// Offers the next bytes: a large piece where it lies, small ones gathered, so that a hundred short
    /// messages cost one write.
    func withFront<R>(gathering scratch: inout [UInt8], _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        guard head < chunks.count else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
        if head + 1 == chunks.count || chunks[head].count - offset >= scratch.count / 4 {
            return chunks[head].withUnsafeBufferPointer {
                body(UnsafeBufferPointer(rebasing: $0[offset...]))
            }
        }
        let filled = scratch.withUnsafeMutableBytes { gather(into: $0) }
        return scratch.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<filled])) }
    }

    /// What waits, if it lies in one piece.
    var only: ArraySlice<UInt8>? { head + 1 == chunks.count ? chunks[head][offset...] : nil }

    /// Takes away what was written.
    mutating func drop(_ written: Int) {
        count -= written
        offset += written
        while head < chunks.count, offset >= chunks[head].count {
            offset -= chunks[head].count
            chunks[head] = []
            head += 1
        }
        if head == chunks.count {
            removeAll()
        } else if head >= 64 && head * 2 >= chunks.count {
            chunks.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() {
        chunks.removeAll(keepingCapacity: chunks.count <= 64)
        (head, offset, count) = (0, 0, 0)
    }

    private func gather(into target: UnsafeMutableRawBufferPointer) -> Int {
        var (filled, start) = (0, offset)
        for chunk in chunks[head...] where filled < target.count {
            let piece = chunk[start...].prefix(target.count - filled)
            piece.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: target[filled...]).copyMemory(from: $0)
            }
            filled += piece.count
            start = 0
        }
        return filled
    }
}
