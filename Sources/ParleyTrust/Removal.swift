import ParleyCore

/// A `role` or `revoke` statement: what can take something from somebody, if it is in force.
struct Removal: Equatable {
    enum Effect: Equatable {
        case role(Role)
        /// The analyst, for good.
        case analyst
        case devices(Set<DeviceID>)
    }

    /// What a statement or a changeset needs of its author.
    enum Need { case membership, admin, writing }

    let statement: StatementHash
    /// Its place in the order of (depth, hash).
    let place: Int
    let handle: Handle
    let effect: Effect
    let cuts: [DeviceID: UInt64]

    init?(_ statement: Statement, at place: Int) {
        switch statement.content {
        case .role(let change):
            (handle, effect) = (change.handle, .role(change.role))
            cuts = Self.dictionary(change.cuts)
        case .revoke(let revocation):
            handle = revocation.handle
            let isWhole = revocation.scope == .analyst
            effect = isWhole ? .analyst : .devices(Set(revocation.cuts.map(\.device)))
            cuts = Self.dictionary(revocation.cuts)
        default: return nil
        }
        self.statement = statement.hash
        self.place = place
    }

    private static func dictionary(_ cuts: [Cut]) -> [DeviceID: UInt64] {
        Dictionary(uniqueKeysWithValues: cuts.map { ($0.device, $0.number) })
    }

    /// The role that it gives, if it does not put anybody out.
    var role: Role? {
        if case .role(let role) = effect { role } else { nil }
    }

    /// Whether it puts this device of its analyst out.
    func putsOut(_ device: DeviceID) -> Bool {
        switch effect {
        case .role: false
        case .analyst: true
        case .devices(let devices): devices.contains(device)
        }
    }

    /// Whether it takes what is needed from this device of its analyst.
    func takes(_ need: Need, from device: DeviceID) -> Bool {
        guard let role else { return putsOut(device) }
        switch need {
        case .membership: return false
        case .admin: return role < .admin
        case .writing: return role < .analyst
        }
    }
}

/// How an analyst came in: with which role, and by the founding or enrolment at which place.
struct Admitted: Equatable {
    let role: Role
    let place: Int
}

/// The removals in force, by whom they are about.
struct Force: Equatable {
    private(set) var removals: [Handle: [Removal]] = [:]

    /// Those about an analyst, the latest by (depth, hash) first.
    func about(_ handle: Handle) -> [Removal] { removals[handle] ?? [] }

    var all: [Removal] { removals.values.joined().sorted { $0.place < $1.place } }

    mutating func insert(_ removal: Removal) {
        var list = about(removal.handle)
        let index = list.firstIndex { $0.place < removal.place } ?? list.endIndex
        list.insert(removal, at: index)
        removals[removal.handle] = list
    }

    mutating func remove(_ removal: Removal) {
        removals[removal.handle]?.removeAll { $0.place == removal.place }
    }

    /// The removal that put a device out, within what `holds` holds; the first by (depth, hash).
    func exit(of voice: Voice, within holds: (Removal) -> Bool) -> Removal? {
        about(voice.handle).last { $0.putsOut(voice.device) && holds($0) }
    }

    /// The role of an analyst within what `holds` holds: of the admission and the roles given since, those
    /// that no other has in its past; the lowest of these. Which removal gave it, if not the admission.
    func role(
        of handle: Handle, admitted: Admitted, past: Past, within holds: (Removal) -> Bool
    ) -> (role: Role, by: Removal?) {
        var latest: [(role: Role, by: Removal)] = []
        for removal in about(handle) {
            guard let role = removal.role, holds(removal) else { continue }
            guard !latest.contains(where: { past.holds($0.by.place, removal.place) }) else { continue }
            latest.append((role, removal))
        }
        var candidates: [(role: Role, by: Removal?)] = latest.map { ($0.role, $0.by) }
        if !latest.contains(where: { past.holds($0.by.place, admitted.place) }) {
            candidates.append((admitted.role, nil))
        }
        return candidates.min { $0.role < $1.role } ?? (admitted.role, nil)
    }
}
