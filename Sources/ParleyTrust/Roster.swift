package import ParleyCore

/// Who belongs to a workspace: a pure function of the set of membership statements, whatever the order in
/// which they came. How statements are judged stands in `RosterFold.swift`.
package struct Roster: Equatable, Sendable {
    package struct Device: Equatable, Sendable {
        package let keys: DevicePublicKeys
        package let handle: Handle
        /// When it says it was enrolled, in milliseconds since 1970.
        package let time: Int64
        /// The statement that enrolled it.
        package let statement: StatementHash

        package var id: DeviceID { keys.device }
    }

    package struct Analyst: Equatable, Sendable {
        package let handle: Handle
        /// The role held last, if revoked.
        package internal(set) var role: Role
        /// Those that are out too; ascending by id.
        package internal(set) var devices: [DeviceID]
        /// The statement that brought the analyst in.
        package let admission: StatementHash
        /// Out for good, with all devices.
        package internal(set) var isRevoked = false
    }

    /// Why a statement counts for nothing. It is kept and forwarded all the same.
    package enum VoidReason: Equatable, Sendable, CaseIterable {
        /// It founds another workspace.
        case otherWorkspace
        /// Not exactly one of those it rests on gave its signer a voice, or not one for such a statement.
        case noAuthority
        /// The statement that gave its signer a voice is itself void.
        case authorityVoid
        /// What takes an admin was signed by somebody who is none, or no longer.
        case notAdmin
        /// Its signer, or the device that it enrols, is out.
        case revoked
        /// Whoever made the grant lost the right to before it was used.
        case grantRevoked
        /// It would leave the workspace without an admin.
        case lastAdmin
        /// It gives a role to somebody who was not in.
        case unknownAnalyst
        /// It shares the key of an epoch that its author cannot have held.
        case unknownEpoch
        /// The handle is not the one granted, or not the issuer's own.
        case wrongHandle
        case handleTaken
        case grantUsed
        case grantExpired
        /// The device, or its signing key, is enrolled already.
        case deviceTaken
    }

    package let workspace: WorkspaceID
    /// Nil while the founding statement is not held.
    package internal(set) var name: WorkspaceName?
    /// Those that came in, also if they are out now: see `role(of:)` for who is in.
    package internal(set) var devices: [DeviceID: Device] = [:]
    package internal(set) var analysts: [Handle: Analyst] = [:]
    /// Every `epoch` statement that was judged.
    package internal(set) var epochs: [StatementHash: EpochFacts] = [:]
    /// Of the epochs that count the greatest by (depth, hash): what authors seal under.
    package internal(set) var newestEpoch: StatementHash?
    package internal(set) var void: [StatementHash: VoidReason] = [:]
    /// Rightly signed by a member, but of a later version; ascending.
    package internal(set) var unknown: [StatementHash] = []
    /// Held, but not judged because something they rest on is missing; ascending.
    package internal(set) var waiting: [StatementHash] = []
    /// Rested on, but not held; ascending.
    package internal(set) var missing: [StatementHash] = []
    /// The steps of each judged statement from a founding one, along the longest way.
    package internal(set) var depths: [StatementHash: Int] = [:]
    /// Of all statements that count the greatest by (depth, hash): what a changeset's header names.
    package internal(set) var newest: StatementHash?
    /// What counts or is unknown and is rested on by nothing of that kind; ascending by (depth, hash).
    package internal(set) var heads: [StatementHash] = []
    /// The devices whose enrolment is held and counts for nothing. Their keys stay known, so that nobody has to
    /// turn away what others have taken before a removal came: nothing that they wrote counts.
    package internal(set) var voidDevices: [DeviceID: Device] = [:]
    /// What a changeset's standing is judged by.
    var causes = Causes()
}

extension Roster {
    package struct EpochFacts: Equatable, Sendable {
        package let number: UInt64
        package let keyHash: [UInt8]
        /// Epochs whose keys this one hands on.
        package let previous: [StatementHash]
        /// Milliseconds since 1970, as its author says.
        package let time: Int64
        /// Those of `share` statements that count too.
        package internal(set) var sealedTo: Set<DeviceID>
        package internal(set) var counts: Bool
    }

    /// The analyst of a device that came in, also of one that is out, or whose enrolment fell with a removal.
    package func analyst(of device: DeviceID) -> Handle? {
        if let device = devices[device] { return device.handle }
        guard let fallen = voidDevices[device], let reason = void[fallen.statement] else { return nil }
        return [.revoked, .grantRevoked].contains(reason) ? fallen.handle : nil
    }

    /// The keys of every device whose enrolment is held, whether it counts or not.
    package func keys(of device: DeviceID) -> DevicePublicKeys? {
        (devices[device] ?? voidDevices[device])?.keys
    }

    /// What a device may do; nil for one that is not in, or out.
    package func role(of device: DeviceID) -> Role? {
        guard let handle = devices[device]?.handle, !isRevoked(device) else { return nil }
        return role(of: handle)
    }

    /// What an analyst may do; nil for one that is not in, or out.
    package func role(of handle: Handle) -> Role? {
        guard let analyst = analysts[handle], !analyst.isRevoked else { return nil }
        return analyst.role
    }

    /// The devices that are in and name this channel key. Nobody proves to hold a channel key when enrolling, so a
    /// member may have named a colleague's: an end that has shown its channel key must say which device it
    /// is, and that device must be among these.
    package func devices(withChannelKey key: [UInt8]) -> [DeviceID] {
        devices.values.filter { $0.keys.channel == key && role(of: $0.id) != nil }.map(\.id).sorted()
    }

    /// What a statement by this device should rest on: the device's own enrolment, which gives it its voice,
    /// and the heads, so that it comes after all its author knew. Empty for a device that is not in.
    package func rests(for device: DeviceID) -> [StatementHash] {
        guard role(of: device) != nil, let own = devices[device]?.statement else { return [] }
        let others = heads.reversed().filter { $0 != own }.prefix(Statement.mostRests - 1)
        return ([own] + others).sorted()
    }

    /// What the grant of an invite should rest on: the same, but in the place of a grant that nobody has used
    /// stands what that one rests on. It claims nothing yet, and a server that has not heard of it would turn
    /// away whoever joins by this invite before the issuer has synced.
    /// - Parameter set: what this roster was made of.
    package func rests(forInviteBy device: DeviceID, in set: StatementSet) -> [StatementHash] {
        guard role(of: device) != nil, let own = devices[device]?.statement else { return [] }
        var found: Set<StatementHash> = []
        var seen: Set<StatementHash> = []
        var next = heads
        while let hash = next.popLast() {
            guard seen.insert(hash).inserted, let statement = set[hash] else { continue }
            if case .grant = statement.content { next += statement.restsOn } else { found.insert(hash) }
        }
        let others = found.subtracting([own]).sorted { (depths[$0] ?? 0, $0) > (depths[$1] ?? 0, $1) }
        return ([own] + others.prefix(Statement.mostRests - 1)).sorted()
    }

    /// Why one more statement should not be taken into a set: to be taken it must count, or be unknown and
    /// rightly signed, and nothing that counted may fall by it. This is how a server judges what a newcomer
    /// brings; to a member, who may be giving back what a restored server lost, it refuses less: only
    /// `.void(.noAuthority)`, `.void(.otherWorkspace)` and `.restsOnMissing`.
    package static func refusal(
        of statement: Statement, joining set: StatementSet, workspace: WorkspaceID
    ) throws(TrustError) -> Refusal? {
        var joined = set
        guard try joined.insert(statement) else { return nil }
        let before = Roster(set, workspace: workspace)
        let after = Roster(joined, workspace: workspace)
        if let reason = after.void[statement.hash] { return .void(reason) }
        if after.waiting.contains(statement.hash) {
            return .restsOnMissing(statement.restsOn.filter { set[$0] == nil })
        }
        let fallen = after.void.keys.filter { before.depths[$0] != nil && before.void[$0] == nil }
        return fallen.isEmpty ? nil : .displaces(fallen.sorted())
    }

    package enum Refusal: Equatable, Sendable {
        case void(VoidReason)
        case restsOnMissing([StatementHash])
        case displaces([StatementHash])
    }
}
