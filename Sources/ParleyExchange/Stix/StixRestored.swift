import ParleyCore

/// A record that came from a STIX object as that object again: untouched as it was, and otherwise with what
/// people changed, in its own properties where it has such, else in the extension.
struct StixRestored {
    let image: RecordImage
    let id: StixID
    let type: StixType
    let names: StixNames
    let references: StixReferences
    private let carried: [String: JSONTree]
    private let registers: Registers

    init(
        _ image: RecordImage, _ id: StixID, _ type: StixType, _ names: StixNames, _ references: StixReferences
    ) {
        (self.image, self.id, self.type, self.names, self.references) = (image, id, type, names, references)
        carried = StixCarried.foreign.members(of: image)
        registers = Dictionary(image.registers.map { ($0.name, $0.value) }) { first, _ in first }
    }

    func members(modified: String?) -> [String: JSONTree] {
        var members = carried
        if let modified { members["modified"] = .text(modified) }
        // The title last: what an object without a name is called depends on the others.
        for lens in type.lenses.reversed() { apply(lens, to: &members) }
        let rest = difference(from: members)
        if !rest.isEmpty || !isNamedByKey {
            let image = RecordImage(name: image.name, registers: rest)
            let ours = StixExtension.members(image, isWhole: false, hasID: !isNamedByKey)
            members["extensions"] = StixExtension.adding(ours, to: members["extensions"])
        }
        return members
    }

    private var isNamedByKey: Bool { names.record(image.name.kind, id.key) == image.name.id }

    // MARK: Properties

    private func apply(_ lens: StixLens, to members: inout [String: JSONTree]) {
        let property = lens.property
        let part = withoutFlag(lens, lens.part(of: registers))
        let given = withoutFlag(lens, carried[property].flatMap(lens.read) ?? [:])
        if carried[property] != nil, given == part { return }
        if case .title = lens, given.isEmpty, isFallback(part, members) { return }
        members[property] = merged(lens, lens.write(part))
    }

    /// The tag that says that an object is revoked is no label.
    private func withoutFlag(_ lens: StixLens, _ registers: Registers) -> Registers {
        guard lens == .tags, carried["revoked"]?.isTrue == true else { return registers }
        return registers.filter { $0.key.key != "revoked" }
    }

    private func isFallback(_ part: Registers, _ members: [String: JSONTree]) -> Bool {
        guard let object = try? object(members) else { return false }
        return part[RegisterName(field: Field.titleTag)] == .text(object.fallbackTitle)
    }

    /// Markings that are no level of TLP stay.
    private func merged(_ lens: StixLens, _ written: JSONTree?) -> JSONTree? {
        guard lens == .marking, let given = carried[lens.property]?.texts else { return written }
        let others = given.filter { StixMarking.level($0) == nil }
        let all = others + (written?.texts ?? [])
        return all.isEmpty ? nil : .texts(all)
    }

    private func object(_ members: [String: JSONTree]) throws(StixFault) -> StixObject {
        var all = members.filter { $0.key != "type" && $0.key != "id" }.map {
            JSONMember(name: $0, value: $1)
        }
        all.append(JSONMember(name: "type", value: .text(id.type)))
        all.append(JSONMember(name: "id", value: .text(id.text)))
        return try StixObject(.object(all))
    }

    // MARK: What the object does not say

    /// The registers in which an import of the object would differ from the record.
    private func difference(from members: [String: JSONTree]) -> [RegisterImage] {
        guard let object = try? object(members),
            let said = try? StixInbound(object, names, known: { _ in nil }).writes
        else { return image.registers }
        var rest: [RegisterImage] = []
        for (register, value) in registers where !isProperty(register, value) {
            if said[register].map({ agrees($0, with: value) }) != true {
                rest.append(RegisterImage(register, value))
            }
        }
        for register in said.keys where registers[register] == nil && !StixCarried.foreign.carries(register) {
            rest.append(RegisterImage(register, .null))
        }
        return rest.sorted { $0.name < $1.name }
    }

    private func isProperty(_ register: RegisterName, _ value: Value) -> Bool {
        if StixCarried.isVersion(register, value, carried["modified"]) { return true }
        return StixCarried.foreign.member(register, value) != nil
    }

    private func agrees(_ content: DraftContent, with value: Value) -> Bool {
        switch content {
        case .value(let said): return said == value
        case .text: return false
        case .record(let key, let kind):
            guard let record = value.ref else { return false }
            return record == names.record(kind, key) || references.id(record).key == key
        }
    }
}
