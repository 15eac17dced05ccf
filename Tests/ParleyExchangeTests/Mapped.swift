import Foundation
import ParleyCore
import ParleyExchange

/// A file read by a mapping, in pieces.
struct Mapped {
    var drafts: [RecordDraft] = []
    var faults: [DraftFault] = []
    /// Elements, and those that became nothing.
    var count = 0
    var unused = 0

    init(
        _ bytes: [UInt8], by mapping: Mapping, as format: Mapping.Format? = nil, me: String? = "olga",
        chunk: Int = 4096
    ) throws {
        var reader = MappedReader(mapping, as: format, me: me)
        var results: [Result<RecordDraft, DraftFault>] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try reader.feed(bytes[start..<min(start + chunk, bytes.count)]) { results.append($0) }
        }
        try reader.finish { results.append($0) }
        (count, unused) = (reader.count, reader.unused)
        for result in results {
            switch result {
            case .success(let draft): drafts.append(draft)
            case .failure(let fault): faults.append(fault)
            }
        }
    }

    init(
        _ text: String, by yaml: String, as format: Mapping.Format? = nil, me: String? = "olga",
        chunk: Int = 13
    ) throws {
        try self.init(
            Array(text.utf8), by: try Mapping(yaml: Array(yaml.utf8), me: me), as: format, me: me,
            chunk: chunk)
    }

    static func example(_ name: String) throws -> Mapping {
        try Mapping(yaml: Places.bytes(Places.root.appending(path: "Examples/" + name)))
    }
}

extension RecordDraft {
    var kindName: String { Schema.assessments[tag: kind]?.name ?? "#\(kind)" }

    /// What is written to a field, by its address; nil where nothing or null is.
    subscript(address: String) -> DraftContent? {
        guard let register = try? Schema.assessments[tag: kind]?.register(named: address) else { return nil }
        let content = writes.first { $0.register == register }?.content
        return content == .value(.null) ? nil : content
    }

    func text(_ address: String) -> String? {
        switch self[address] {
        case .text(let text)?, .record(let text, _)?: text
        case .value(let value)?: value.text
        case nil: nil
        }
    }

    func value(_ address: String) -> Value? {
        if case .value(let value)? = self[address] { value } else { nil }
    }

    /// The addresses that hold something.
    var addresses: [String] {
        writes.filter { $0.content != .value(.null) }
            .map { Schema.assessments[tag: kind]?.text(of: $0.register) ?? "?" }.sorted()
    }
}
