internal import Foundation
internal import ParleyCore

/// A batch of changesets taken apart for merging: all their groups in one array, sorted by record and within
/// a record in the order of arrival; their bytes in one piece of memory.
///
/// Sorting first is what makes merging fast: each record's row is read once and written once. A write takes
/// 20 bytes here and a group 32, since a million of them must fit into a client's memory.
final class Batch {
    struct Change {
        let origin: Origin
        let position: Int64
        let context: WholeContext
    }

    struct Write {
        let field: UInt32
        fileprivate let keyStart: UInt32
        fileprivate let valueStart: UInt32
        fileprivate let valueCount: UInt32
        /// 0 for a plain field; a key is never empty.
        fileprivate let keyCount: UInt16

        var isKeyed: Bool { keyCount > 0 }
    }

    struct Group {
        let id: RecordID
        let kind: UInt32
        /// Index into `changes`.
        let change: UInt32
        fileprivate let firstWrite: UInt32
        fileprivate let writeCount: UInt32

        var name: RecordName { RecordName(kind: kind, id: id) }
        var writes: Range<Int> { Int(firstWrite)..<Int(firstWrite) + Int(writeCount) }
    }

    private(set) var changes: [Change] = []
    private(set) var writes: [Write] = []
    private(set) var groups: [Group] = []
    /// Bytes held, by which the caller cuts.
    private(set) var weight = 0
    /// By `malloc`, which need not copy a large piece, nor have its pages given anew, when it grows.
    private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var used = 0

    deinit { free(bytes.baseAddress) }

    var isEmpty: Bool { changes.isEmpty }

    /// One item of CBOR.
    @inline(__always)
    func value(_ write: Write) -> UnsafeRawBufferPointer {
        let start = Int(write.valueStart)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(write.valueCount)])
    }

    /// nil for a plain field.
    @inline(__always)
    func key(_ write: Write) -> UnsafeRawBufferPointer? {
        guard write.isKeyed else { return nil }
        let start = Int(write.keyStart)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(write.keyCount)])
    }

    func sort() {
        groups.sort {
            if $0.kind != $1.kind { return $0.kind < $1.kind }
            if $0.id != $1.id { return $0.id < $1.id }
            return $0.change < $1.change
        }
    }

    /// Takes a body apart. `isVoid` judges keyed writes; those it rejects are left out, and so is a group of
    /// which nothing remains.
    func add(
        _ body: ChangesetBody, of change: Change, ownsContext: Bool,
        isVoid: (RecordName, UInt32, ArraySlice<UInt8>) -> Bool
    ) {
        let base = UInt32(copy(body.bytes))
        changes.append(change)
        for group in body.written {
            let first = writes.count
            for index in group.writes {
                let write = body.writes[index]
                if let key = write.key, isVoid(group.name, write.field, body.bytes[key]) { continue }
                writes.append(Write(write, base: base))
            }
            if writes.count > first { append(group, first) }
        }
        weight +=
            body.bytes.count + (ownsContext ? change.context.numbers.count * 8 : 0) + body.writes.count * 20
            + body.written.count * 32
    }

    private func append(_ group: RecordGroup, _ first: Int) {
        groups.append(
            Group(
                id: group.name.id, kind: group.name.kind, change: UInt32(changes.count - 1),
                firstWrite: UInt32(first), writeCount: UInt32(writes.count - first)))
    }

    /// - Returns: where the copy begins.
    private func copy(_ source: [UInt8]) -> Int {
        if used + source.count > bytes.count {
            let count = max(bytes.count * 2, used + source.count, 1 << 16)
            bytes = UnsafeMutableRawBufferPointer(start: realloc(bytes.baseAddress, count), count: count)
        }
        source.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: bytes[used...]).copyMemory(from: $0)
        }
        defer { used += source.count }
        return used
    }
}

extension Batch.Write {
    @inline(__always)
    fileprivate init(_ write: EncodedWrite, base: UInt32) {
        field = write.field
        keyStart = base + UInt32(write.key?.lowerBound ?? 0)
        keyCount = UInt16(write.key?.count ?? 0)
        valueStart = base + UInt32(write.value.lowerBound)
        valueCount = UInt32(write.value.count)
    }
}
