package import ParleyCore

/// The last number of a device's chain that counts, in a statement that takes writing away from it.
package struct Cut: Hashable, Sendable {
    /// Cuts in one statement at most.
    package static let most = 64
    package let device: DeviceID
    /// 0: nothing of it counts.
    package let number: UInt64

    package init(device: DeviceID, number: UInt64) {
        self.device = device
        self.number = number
    }
}

/// `role`: an analyst gets another role. Signed by a device of an admin. Only the role of a reader, which
/// takes writing away, has cuts.
///
///     +--------+------+--------+==================+
///     | handle | role | count  |      cuts        |
///     |  text  |  1   | varint | (16, varint) ..  |
///     +--------+------+--------+==================+
package struct RoleChange: Hashable, Sendable {
    package let handle: Handle
    package let role: Role
    /// Ascending by device. A device that is not listed is cut at 0.
    package let cuts: [Cut]
}

/// `revoke`: an analyst, or some devices of an analyst, are out. Signed by a device of an admin.
///
///     +--------+-------+--------+==================+
///     | handle | scope | count  |      cuts        |
///     |  text  |   1   | varint | (16, varint) ..  |
///     +--------+-------+--------+==================+
package struct Revocation: Hashable, Sendable {
    package enum Scope: UInt8, Sendable {
        /// The analyst, for good, with all devices, also those that are not listed.
        case analyst = 0
        /// The devices that the cuts list, and no others.
        case devices = 1
    }

    package let handle: Handle
    package let scope: Scope
    /// Ascending by device. A device that is not listed is cut at 0, if it is meant at all.
    package let cuts: [Cut]
}

extension ByteReader {
    mutating func roleChange() throws(MalformedBytes) -> RoleChange {
        let handle = try handle()
        guard let role = Role(rawValue: try byte("role")) else { throw failure(.notAllowed, "role") }
        let cuts = try cuts()
        guard cuts.isEmpty || role == .reader else { throw failure(.notAllowed, "cuts") }
        return RoleChange(handle: handle, role: role, cuts: cuts)
    }

    mutating func revocation() throws(MalformedBytes) -> Revocation {
        let handle = try handle()
        guard let scope = Revocation.Scope(rawValue: try byte("scope")) else {
            throw failure(.notAllowed, "scope")
        }
        let cuts = try cuts()
        guard scope == .analyst || !cuts.isEmpty else { throw failure(.notAllowed, "cuts") }
        return Revocation(handle: handle, scope: scope, cuts: cuts)
    }

    private mutating func cuts() throws(MalformedBytes) -> [Cut] {
        var cuts: [Cut] = []
        for _ in 0..<(try length(atMost: Cut.most, "cuts")) {
            let device = DeviceID(try uint128("device"))
            if let last = cuts.last, last.device >= device { throw failure(.outOfOrder, "cuts") }
            let number = try varint("cut")
            guard number <= UInt64(Int64.max) else { throw failure(.notAllowed, "cut") }
            cuts.append(Cut(device: device, number: number))
        }
        return cuts
    }
}

extension Statement {
    /// Gives an analyst another role.
    /// - Parameters:
    ///   - issuer: a device of an admin.
    ///   - rests: what ``Roster/rests(for:)`` says of the issuer.
    ///   - cuts: for the role of a reader, the last number held of each of the analyst's devices; else none.
    package static func role(
        by issuer: Identity, on rests: [StatementHash], handle: Handle, role: Role, cuts: [Cut] = []
    ) throws(TrustError) -> Statement {
        guard cuts.isEmpty || role == .reader else { throw TrustError(.badCut, at: "role") }
        var payload: [UInt8] = []
        payload.append(text: handle.text)
        payload.append(role.rawValue)
        try payload.append(cuts: cuts)
        return try make(Tag.role, on: rests, payload, signer: issuer.signing)
    }

    /// Puts an analyst out for good, or devices of an analyst.
    /// - Parameters:
    ///   - issuer: a device of an admin.
    ///   - rests: what ``Roster/rests(for:)`` says of the issuer.
    ///   - cuts: the last number held of each device; with the scope `devices` these are the devices meant.
    package static func revoke(
        by issuer: Identity, on rests: [StatementHash], handle: Handle, scope: Revocation.Scope, cuts: [Cut]
    ) throws(TrustError) -> Statement {
        guard scope == .analyst || !cuts.isEmpty else { throw TrustError(.badCut, at: "revoke") }
        var payload: [UInt8] = []
        payload.append(text: handle.text)
        payload.append(scope.rawValue)
        try payload.append(cuts: cuts)
        return try make(Tag.revoke, on: rests, payload, signer: issuer.signing)
    }
}

extension [UInt8] {
    fileprivate mutating func append(cuts: [Cut]) throws(TrustError) {
        let cuts = cuts.sorted { $0.device < $1.device }
        let isOnce = zip(cuts, cuts.dropFirst()).allSatisfy { $0.device != $1.device }
        guard cuts.count <= Cut.most, isOnce, cuts.allSatisfy({ $0.number <= UInt64(Int64.max) }) else {
            throw TrustError(.badCut, at: "cuts")
        }
        append(varint: UInt64(cuts.count))
        for cut in cuts {
            append(uint128: cut.device.number)
            append(varint: cut.number)
        }
    }
}
