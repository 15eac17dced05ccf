import ParleyCore

/// What a line of a file is read as.
protocol LineParser {
    associatedtype Product

    /// - Parameter number: of the line, from 1.
    mutating func read(
        _ line: UnsafeBufferPointer<UInt8>, _ number: Int, _ sink: (Result<Product, DraftFault>) -> Void
    )
}

/// Cuts chunks into lines and hands each on where it lies.
struct LineFeed {
    /// Bytes of one line at most: the largest changeset body and room for its escapes.
    static let longestLine = 4 * 1024 * 1024
    private static let kept = 1024

    private var pending: [UInt8] = []
    private var number = 1
    private var isTooLong = false

    mutating func feed<Parser: LineParser>(
        _ chunk: ArraySlice<UInt8>, to parser: inout Parser,
        _ sink: (Result<Parser.Product, DraftFault>) -> Void
    ) {
        chunk.withUnsafeBufferPointer { bytes in
            var start = 0
            while let end = Self.lineBreak(in: bytes, from: start) {
                let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
                if pending.isEmpty, !isTooLong {
                    end - start > Self.longestLine ? keep(line[...]) : parser.read(line, number, sink)
                }
                if !pending.isEmpty || isTooLong {
                    keep(line[...])
                    finish(&parser, sink)
                }
                number += 1
                start = end + 1
            }
            keep(bytes[start...])
        }
    }

    /// Eight bytes at a time.
    @inline(__always)
    private static func lineBreak(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        let raw = UnsafeRawBufferPointer(bytes)
        var index = start
        while index + 8 <= raw.count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let other = word ^ 0x0A0A_0A0A_0A0A_0A0A
            let found = (other &- 0x0101_0101_0101_0101) & ~other & 0x8080_8080_8080_8080
            if found != 0 { return index + found.trailingZeroBitCount >> 3 }
            index += 8
        }
        return bytes[index...].firstIndex(of: 0x0A)
    }

    private mutating func keep(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        if pending.count + bytes.count > Self.longestLine { isTooLong = true }
        let room = isTooLong ? max(0, Self.kept - pending.count) : bytes.count
        pending.append(contentsOf: bytes.prefix(room))
        if isTooLong { pending.removeLast(max(0, pending.count - Self.kept)) }
    }

    mutating func finish<Parser: LineParser>(
        _ parser: inout Parser, _ sink: (Result<Parser.Product, DraftFault>) -> Void
    ) {
        let line = pending
        pending.removeAll(keepingCapacity: true)
        guard !isTooLong else {
            isTooLong = false
            let reason = "the line is longer than \(Self.longestLine / 1_048_576) MiB"
            return sink(.failure(DraftFault(line: number, reason: reason, raw: line)))
        }
        line.withUnsafeBufferPointer { parser.read($0, number, sink) }
    }
}
