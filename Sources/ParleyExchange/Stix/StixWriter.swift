package import ParleyCore

/// What an export knows of a record beside its fields.
package struct StixFacts: Sendable {
    package var created: Instant
    /// When what it shows last changed.
    package var changed: Instant
    /// Whether that was here, and not by the import that brought its `modified`.
    package var isLocal: Bool
    /// Who began it.
    package var author: String?
    /// Of an assessment: what is in it, and when that last changed.
    package var members: [String] = []
    package var membersModified: Instant?

    package init(created: Instant, changed: Instant, isLocal: Bool, author: String?) {
        (self.created, self.changed, self.isLocal, self.author) = (created, changed, isLocal, author)
    }
}

/// How an export looks up what a record refers to.
package struct StixReferences {
    let id: (RecordID) -> StixID
    let image: (RecordID) -> RecordImage?

    package init(id: @escaping (RecordID) -> StixID, image: @escaping (RecordID) -> RecordImage?) {
        (self.id, self.image) = (id, image)
    }
}

/// Writes records as a STIX 2.1 bundle, one object a line, nothing of which depends on anything but the records
/// and their facts. The bundle's own id is derived from all that it holds, so it stands at the end.
package struct StixWriter {
    private let names: StixNames
    private let references: StixReferences
    private var levels: Set<String> = []
    private var isFirst = true
    private var digest: RecordID

    package init(_ names: StixNames, _ references: StixReferences) {
        (self.names, self.references) = (names, references)
        digest = names.uuid(Array("bundle".utf8))
    }

    package static let head = Array("{\"type\":\"bundle\",\"objects\":[".utf8)

    /// Under which id a record is exported.
    package static func id(of image: RecordImage, _ names: StixNames) -> StixID {
        origin(of: image, names)?.id ?? own(image, names)
    }

    /// Whether a record goes out as an object of ours, and not as one that came from elsewhere.
    package static func isOwn(_ image: RecordImage, _ names: StixNames) -> Bool {
        origin(of: image, names) == nil
    }

    /// The id of a record of which nothing is known.
    package static func id(of record: RecordID, _ names: StixNames) -> StixID {
        StixID(type: "note", names.uuid(of: record))
    }

    private static func own(_ image: RecordImage, _ names: StixNames) -> StixID {
        StixID(type: StixOwn.type(of: image, kind(of: image)), names.uuid(of: image.name.id))
    }

    private static func kind(of image: RecordImage) -> Kind {
        Schema.assessments[tag: image.name.kind] ?? .unknown(image.name.kind)
    }

    /// The object that a record was imported from; nil where it was not.
    private static func origin(of image: RecordImage, _ names: StixNames) -> (id: StixID, type: StixType)? {
        guard
            image.registers(of: Field.columnsTag).contains(where: { StixCarried.foreign.carries($0.name) })
        else { return nil }
        let ids = image.registers(of: Field.keysTag).compactMap { register -> StixID? in
            guard register.value == .bool(true), let key = register.name.key, key.hasPrefix("stix:") else {
                return nil
            }
            return StixID(String(key.dropFirst(5))).flatMap {
                StixType.kind(of: $0.type) == image.name.kind ? $0 : nil
            }
        }
        let id = ids.first { names.record(image.name.kind, $0.key) == image.name.id } ?? ids.first
        return id.flatMap { id in StixType.of(id.type).map { (id, $0) } }
    }

    /// When an object was last changed, as it is exported.
    package static func modified(of image: RecordImage, _ facts: StixFacts, _ names: StixNames) -> Instant {
        let stated = image.value(of: stated(of: image, names))?.text.flatMap(Instant.init)
        let own = stated.map { facts.isLocal ? max(facts.changed, $0.next) : $0 } ?? facts.changed
        return max(own, facts.membersModified ?? own)
    }

    /// The register that says when the object that a record came in as was last changed.
    package static func stated(of image: RecordImage, _ names: StixNames) -> RegisterName {
        (origin(of: image, names) == nil ? StixCarried.own : .foreign).register("modified")
    }

    // MARK: Objects

    /// The record's object, and the opinions that are a judgment's stances.
    package mutating func objects(of image: RecordImage, _ facts: StixFacts) -> [UInt8] {
        var bytes: [UInt8] = []
        if let origin = Self.origin(of: image, names) {
            let restored = StixRestored(image, origin.id, origin.type, names, references)
            let isStated = image.value(of: StixCarried.foreign.register("modified")) != nil
            let modified = facts.isLocal && isStated ? Self.modified(of: image, facts, names).text : nil
            append(restored.members(modified: modified), origin.id, to: &bytes)
        } else {
            for (id, members) in own(image, facts) { append(members, id, to: &bytes) }
        }
        return bytes
    }

    private func own(_ image: RecordImage, _ facts: StixFacts) -> [(StixID, [String: JSONTree])] {
        let kind = Self.kind(of: image)
        let id = Self.own(image, names)
        let own = StixOwn(
            image: image, id: id, kind: kind, names: names, references: references, facts: facts)
        let carried = StixCarried.own.members(of: image)
        var members = own.members.merging(carried) { $1 }
        let modified = Self.modified(of: image, facts, names)
        let isAsStated = carried["modified"]?.text.flatMap(Instant.init) == modified
        members["modified"] = isAsStated ? carried["modified"] : .text(modified.text)
        let rest = image.registers.filter {
            StixCarried.own.member($0.name, $0.value) == nil
                && !StixCarried.isVersion($0.name, $0.value, carried["modified"])
        }
        let ours = StixExtension.members(
            RecordImage(name: image.name, registers: rest), isWhole: true, hasID: true)
        let opinions = StixOpinions(image: image, judgment: id, members: members, names: names).objects
        members["extensions"] = StixExtension.adding(ours, to: members["extensions"])
        return [(id, members)] + opinions
    }

    private mutating func append(_ members: [String: JSONTree], _ id: StixID, to bytes: inout [UInt8]) {
        for mark in members["object_marking_refs"]?.texts ?? [] where StixMarking.isOurs(mark) {
            if let level = StixMarking.level(mark) { levels.insert(level) }
        }
        append(.object(Self.ordered(members, id)), to: &bytes)
    }

    private mutating func append(_ object: JSONTree, to bytes: inout [UInt8]) {
        let json = object.json
        bytes += (isFirst ? "\n" : ",\n").utf8
        bytes += json
        isFirst = false
        digest = names.uuid(digest.number.bigEndianBytes, json)
    }

    private static let first = ["spec_version", "created_by_ref", "created", "modified"]

    private static func ordered(_ members: [String: JSONTree], _ id: StixID) -> [JSONMember] {
        var ordered = [
            JSONMember(name: "type", value: .text(id.type)), JSONMember(name: "id", value: .text(id.text)),
        ]
        for name in first {
            if let value = members[name] { ordered.append(JSONMember(name: name, value: value)) }
        }
        let taken = first + ["type", "id"]
        let rest = members.filter { !taken.contains($0.key) }.map { JSONMember(name: $0, value: $1) }
        return ordered + rest.sorted { $0.name.isBefore($1.name) }
    }

    // MARK: The end

    /// The definitions that the objects use, and the bundle's id.
    package mutating func tail() -> [UInt8] {
        var bytes: [UInt8] = []
        for level in StixMarking.levels where levels.contains(level) {
            append(StixMarking.definition(level), to: &bytes)
        }
        for object in StixExtension.objects { append(object, to: &bytes) }
        return bytes + Array("\n],\"id\":\"\(StixID(type: "bundle", digest).text)\"}\n".utf8)
    }
}

extension Instant {
    fileprivate var next: Instant { Instant(milliseconds: milliseconds + 1) }
}
