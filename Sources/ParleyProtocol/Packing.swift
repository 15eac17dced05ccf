internal import CZstd
package import ParleyCore

/// How a changeset's author stores its body: as it is, or compressed with zstd when that is shorter.
///
///     +---------+---------------+======+
///     | packing | unpacked size | data |     packing 0: data is the body, no size
///     |    1    |    varint     |      |     packing 1: data is one zstd frame
///     +---------+---------------+======+
package enum Packing {
    private static let plain: UInt8 = 0
    private static let zstd: UInt8 = 1
    /// Bodies up to this size are not worth compressing.
    package static let threshold = 512
    /// Bodies of imports are large and many: level 2 takes 60 % of the time of level 3, for as many bytes.
    private static func level(for size: Int) -> Int32 { size > 128 * 1024 ? 2 : 3 }

    package static func pack(_ body: [UInt8]) -> [UInt8] {
        if body.count > threshold, let packed = compress(body) { return packed }
        return [plain] + body
    }

    /// - Throws: `MalformedBytes` for an unknown packing, a size above `ChangesetBody.longest`, or data that
    ///   do not unpack to exactly that size.
    package static func unpack(_ bytes: [UInt8], in range: Range<Int>) throws(MalformedBytes) -> [UInt8] {
        var reader = ByteReader(bytes, in: range)
        switch try reader.byte("packing") {
        case plain: return try reader.take(try bounded(reader), "body")
        case zstd:
            let size = try reader.length(atMost: ChangesetBody.longest, "unpacked size")
            return try decompress(bytes, in: try reader.range(reader.remaining), to: size)
        default: throw reader.failure(.notAllowed, "packing")
        }
    }

    private static func bounded(_ reader: ByteReader) throws(MalformedBytes) -> Int {
        guard reader.remaining <= ChangesetBody.longest else { throw reader.failure(.tooLong, "body") }
        return reader.remaining
    }

    private static func compress(_ body: [UInt8]) -> [UInt8]? {
        var head: [UInt8] = [zstd]
        head.append(varint: UInt64(body.count))
        let bound = ZSTD_compressBound(body.count)
        let start = head.count
        let packed = [UInt8](unsafeUninitializedCapacity: start + bound) { buffer, count in
            _ = buffer.update(fromContentsOf: head)
            let room = UnsafeMutableRawPointer(buffer.baseAddress! + start)
            let size = body.withUnsafeBytes {
                ZSTD_compress(room, bound, $0.baseAddress, $0.count, level(for: $0.count))
            }
            count = ZSTD_isError(size) == 0 ? start + size : 0
        }
        return packed.isEmpty || packed.count > body.count ? nil : packed
    }

    private static func decompress(
        _ bytes: [UInt8], in range: Range<Int>, to size: Int
    ) throws(MalformedBytes) -> [UInt8] {
        guard isOneFrame(bytes, in: range, of: size) else {
            throw MalformedBytes(.notAllowed, at: range.lowerBound, reading: "packed body")
        }
        let body = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let unpacked = bytes.withUnsafeBytes { source in
                let frame = UnsafeRawBufferPointer(rebasing: source[range])
                return ZSTD_decompress(buffer.baseAddress, size, frame.baseAddress, frame.count)
            }
            count = ZSTD_isError(unpacked) == 0 ? unpacked : 0
        }
        guard body.count == size, size > 0 else {
            throw MalformedBytes(.notAllowed, at: range.lowerBound, reading: "packed body")
        }
        return body
    }

    /// Decoders differ in what they make of several frames, skippable ones, the formats before zstd 1.0 and a
    /// size that is not stated; all replicas must agree, so there is exactly one frame and it states its size.
    private static func isOneFrame(_ bytes: [UInt8], in range: Range<Int>, of size: Int) -> Bool {
        guard bytes[range].starts(with: magic) else { return false }
        return bytes.withUnsafeBytes { source in
            let frame = UnsafeRawBufferPointer(rebasing: source[range])
            return ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count) == frame.count
                && ZSTD_getFrameContentSize(frame.baseAddress, frame.count) == UInt64(size)
                && window(of: frame, holding: size) <= Limits.window
        }
    }

    /// How far back a frame's blocks may reach (RFC 8878, 3.1.1.1): what its window descriptor says, or all of
    /// its content in a single segment. Decoders differ in how wide a window they take.
    private static func window(of frame: UnsafeRawBufferPointer, holding size: Int) -> Int {
        let isSingleSegment = frame[magic.count] & 0x20 != 0
        guard !isSingleSegment else { return size }
        let descriptor = Int(frame[magic.count + 1])
        let base = 1 << (10 + (descriptor >> 3))
        return base + base / 8 * (descriptor & 7)
    }

    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
}
