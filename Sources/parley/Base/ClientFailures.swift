import ParleyClient
import ParleyCore
import ParleyTerminal
import ParleyTrust

/// What a client refuses, in sentences: which field, what was given, what is allowed.
extension CommandFailure {
    init(_ error: ClientError) {
        switch error {
        case .noWorkspace(let folder):
            self.init(
                .notFound, "no-workspace", "The folder \(folder) holds no workspace.",
                hint: "make one: parley init NAME --as HANDLE")
        case .workspaceExists(let folder):
            self.init(
                .failed, "exists", "The folder \(folder) holds a workspace already. Nothing was changed.")
        case .badAddress(let text): self.init(badAddress: text)
        case .notFound(let text):
            self.init(
                .notFound, "not-found", "There is no \(text).",
                hint: text.hasPrefix("@") ? "look: parley log" : "look: parley list    parley search WORD")
        case .ambiguous(let text, let candidates):
            self.init(
                .notFound, "ambiguous",
                "\(text) may be \(candidates.map { $0.shortAddress(8) }.joined(separator: ", ")).",
                hint: "type more of the id")
        case .ambiguousChange(let text, let candidates):
            // One that was written again keeps its former address, which is told from the other's only in full.
            let isLong = text.drop { $0 == "@" }.count >= 8
            let names = candidates.map { ChangeAddress($0).text(length: isLong ? 26 : 8) }
            self.init(
                .notFound, "ambiguous", "\(text) may be \(names.joined(separator: ", ")).",
                hint: "type more of it")
        case .unknownKind(let text, let candidates):
            let near = candidates.isEmpty ? "" : " Did you mean \(candidates.joined(separator: " or "))?"
            let kinds = Schema.assessments.kinds.map(\.name)
            self.init(
                .failed, "kind", "There is no kind \"\(text)\".\(near)",
                hint: "kinds: \(kinds.joined(separator: ", "))")
        case .value(let kind, let field, let fault):
            self.init(
                .failed, "value",
                "\(kind).\(field): \(Self.quoted(fault.given)) is not \(fault.allowed)\(Self.controls(fault.given)). Nothing was written."
            )
        case .field(let kind, let fault): self.init(fault, kind: kind)
        case .writtenOnce(let kind, let field):
            self.init(
                .failed, "once",
                "\(kind).\(field) is set once, when the record is made. Nothing was written.",
                hint: "make a new record and delete this one")
        default: self.init(refusal: error)
        }
    }

    private static func controls(_ text: String) -> String {
        let isControl = text.unicodeScalars.contains {
            $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\r"
        }
        return isControl ? "; it holds control characters" : ""
    }

    private init(badAddress text: String) {
        let id = text.prefix { $0 != "." }.split(separator: "-", omittingEmptySubsequences: false).last ?? ""
        let hint = "a record is A-88PD, a field A-88PD.title, a change @3kq7: parley help formats"
        if text.hasPrefix("@") {
            self.init(
                .notFound, "address", "\(Self.quoted(text)) is a change, not a record or a field.",
                hint: "a change is listed with what it wrote: parley log --patch")
        } else if id.count < 4, id.utf8.allSatisfy({ Crockford.digit($0) != nil }) {
            self.init(
                .notFound, "address",
                "\"\(text)\" is too short for an address: it takes 4 characters of the id or more.",
                hint: hint)
        } else {
            self.init(.notFound, "address", "\"\(text)\" is no address.", hint: hint)
        }
    }

    private init(refusal error: ClientError) {
        switch error {
        case .changedMeanwhile(let record, _, let now):
            let by = now.map { " (\(ChangeAddress($0).text()))" } ?? ""
            self.init(
                .changed, "changed", "\(record.shortAddress(4)) changed meanwhile\(by). Nothing was written.")
        case .tooLarge(let bytes):
            self.init(
                .failed, "too-large", "A single value of \(bytes) bytes is larger than a change may be.")
        case .notMember:
            self.init(
                .notPermitted, "not-member", "This device may not write to this workspace.",
                hint: "who may: parley members    where your role has changed, it comes with: parley sync")
        case .notAdmin:
            self.init(
                .notPermitted, "not-admin", "Only an admin may do this.", hint: "who is: parley members")
        case .noKey:
            self.init(
                .notPermitted, "no-key",
                "The workspace's key has not reached this device yet. Nothing was written.",
                hint: "an admin's next sync hands it on; then: parley sync")
        case .unknownMember(let name):
            self.init(
                .notFound, "unknown-member", "\"\(visible(name))\" is no member, and has no invite.",
                hint: "who is: parley members")
        case .lastAdmin:
            self.init(
                .notPermitted, "last-admin", "The last admin cannot go, nor take another role.",
                hint: "make somebody else one first: parley role HANDLE admin")
        case .noServer:
            self.init(
                .failed, "no-server", "The workspace has no server yet.",
                hint: "publish it: parley publish INVITE")
        case .filter(let reason):
            self.init(.failed, "filter", "The filter is wrong: \(reason)", hint: "parley help filters")
        default: self.init(decision: error)
        }
    }

    private init(decision error: ClientError) {
        func place(_ record: RecordName, _ register: RegisterName) -> String {
            record.shortAddress(6) + "." + record.schema.text(of: register)
        }
        switch error {
        case .nothingAside(let record, let register):
            self.init(
                .notFound, "nothing-aside",
                "Nothing waits at \(place(record, register)). Nothing was written.",
                hint: "what waits: parley conflicts    an older value: parley restore")
        case .notAHead(let record, let register, let change):
            self.init(
                .notFound, "not-a-head",
                "\(change.shortAddress) is none of the writes that wait at \(place(record, register)). Nothing was written.",
                hint:
                    "those: parley conflicts show \(place(record, register))    an older value: parley restore"
            )
        case .notYours(let record, let register, let owner):
            self.init(
                .notPermitted, "not-yours",
                "\(place(record, register)) is \(owner)'s to write. Nothing was written.")
        case .notYetMade(let record):
            self.init(
                .notFound, "not-yet", "At that moment there was no \(record.shortAddress(6)).",
                hint: "since when there is: parley log \(record.shortAddress(6))")
        default: self.init(.failed, "client", "\(error)")
        }
    }

    init(_ fault: FieldFault, kind: String?) {
        let place = kind.map { "\($0).\(fault.given)" } ?? fault.given
        let near = fault.candidates.isEmpty ? nil : fault.candidates.joined(separator: " or ")
        switch fault.reason {
        case .unknownField:
            let fields = kind.flatMap { Schema.assessments[name: $0] }?.fields.map(\.name) ?? []
            self.init(
                .failed, "field",
                "There is no field \(place)." + (near.map { " Did you mean \($0)?" } ?? "")
                    + " Nothing was written.",
                hint: fields.isEmpty ? nil : "fields: \(fields.joined(separator: ", "))")
        case .needsKey:
            self.init(.failed, "field", "\(place) needs a key: \(near ?? ""). Nothing was written.")
        case .takesNoKey:
            self.init(.failed, "field", "\(place): \(near ?? "the field") takes no key. Nothing was written.")
        case .badKey:
            self.init(
                .failed, "field",
                "\(place): the key is wrong; it is written \(near ?? ""). Nothing was written.")
        }
    }

    /// A long value is named by its beginning and its length.
    static func quoted(_ text: String) -> String {
        let count = text.count
        return count <= 60 ? "\"\(text)\"" : "\"\(text.prefix(40))…\" (\(count) characters)"
    }
}
