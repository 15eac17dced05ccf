package import ParleyCore
internal import ParleyStore
package import ParleyTrust

/// Taking rights away, and giving them. Every removal says of each device up to which number its chain stands:
/// what this replica holds of it. Works offline; a server that holds more declines it, and the session that
/// hears so signs it again.
extension Workspace {
    /// Puts an analyst out for good, or some devices; all who stay get a new key.
    /// - Parameter devices: nil for the analyst whole, with all invites that were not used yet.
    /// - Throws: `notAdmin`, `unknownMember`, `lastAdmin`.
    package func revoke(_ handle: Handle, devices: [DeviceID]? = nil) throws {
        try remove { tx, rests in
            guard isKnown(handle, devices) else { throw ClientError.unknownMember(handle.text) }
            return try Statement.revoke(
                by: identity, on: rests, handle: handle, scope: devices == nil ? .analyst : .devices,
                cuts: try cuts(of: handle, devices, tx))
        }
    }

    /// Gives an analyst another role.
    /// - Throws: `notAdmin`, `unknownMember`, `lastAdmin`.
    package func setRole(_ handle: Handle, _ role: Role) throws {
        try remove { tx, rests in
            guard let present = membership.roster.role(of: handle) else {
                throw ClientError.unknownMember(handle.text)
            }
            guard present != role else { return nil }
            return try Statement.role(
                by: identity, on: rests, handle: handle, role: role,
                cuts: role == .reader ? try cuts(of: handle, nil, tx) : [])
        }
    }

    private func remove(
        _ make: (WriteTransaction, [StatementHash]) throws -> Statement?
    ) throws {
        try store.write { tx in
            try membership.refresh(from: tx.log)
            try refreshIdentity(tx.log)
            guard role() == .admin else { throw ClientError.notAdmin }
            guard let statement = try make(tx, membership.roster.rests(for: device)) else { return }
            try refuseLastAdmin(statement)
            _ = try take(statements: [statement.bytes], in: tx)
            try sealAnew(tx)
        }
    }

    private func refuseLastAdmin(_ statement: Statement) throws {
        var set = membership.statements
        try set.insert(statement)
        switch Roster(set, workspace: id).void[statement.hash] {
        case nil: return
        case .lastAdmin: throw ClientError.lastAdmin
        default: throw ClientError.notAdmin
        }
    }

    /// A revocation and the new key go together. Whoever has put themselves out makes none: another admin does.
    private func sealAnew(_ tx: WriteTransaction) throws {
        guard keepsEpoch, role() == .admin else { return }
        _ = try take(statements: try epochStatements().map(\.bytes), in: tx)
    }

    // MARK: Cuts

    private func devices(of handle: Handle) -> [DeviceID] {
        membership.roster.analysts[handle]?.devices ?? []
    }

    /// A member, or somebody who has an invite and has not come yet.
    private func isKnown(_ handle: Handle, _ devices: [DeviceID]?) -> Bool {
        let own = self.devices(of: handle)
        if let devices { return !devices.isEmpty && devices.allSatisfy(own.contains) }
        if let analyst = membership.roster.analysts[handle] { return !analyst.isRevoked }
        return membership.statements.grants.contains { $0.handle == handle }
    }

    /// Where an earlier removal cuts a device already, nothing beyond that comes back.
    /// - Parameter devices: nil for all; else those that are meant, listed though nothing of them is held.
    private func cuts(of handle: Handle, _ devices: [DeviceID]?, _ tx: ReadTransaction) throws -> [Cut] {
        let held = try tx.log.heads()
        return membership.roster.cuts(of: handle) { held[$0]?.number ?? 0 }
            .filter { devices?.contains($0.device) ?? ($0.number > 0) }
    }

    /// What is held now, for a removal that is signed again.
    /// - Parameter all: whether devices of which nothing is held are listed too.
    private func cuts(_ devices: [DeviceID], _ tx: ReadTransaction, all: Bool) throws -> [Cut] {
        let held = try tx.log.heads()
        return devices.sorted().map { Cut(device: $0, number: held[$0]?.number ?? 0) }
            .filter { all || $0.number > 0 }
    }

    /// Signs removals again of which a server says that it holds more than they let stand.
    /// - Returns: the new statements; none while what the server holds has not come.
    func raiseCuts() throws -> [Statement] {
        try store.write { tx in
            try membership.refresh(from: tx.log)
            try refreshIdentity(tx.log)
            var made: [Statement] = []
            for (device, head) in try tx.log.heads().sorted(by: { $0.key < $1.key }) {
                let change = ChangeID(device: device, number: head.number)
                guard case .void(.cut, let by?) = membership.roster.standing(of: change, naming: nil),
                    membership.roster.signer(of: by) == membership.roster.analyst(of: self.device),
                    let statement = membership.statements[by], let again = try raised(statement, tx)
                else { continue }
                made.append(again)
                _ = try take(statements: [again.bytes], in: tx)
            }
            if !made.isEmpty { try sealAnew(tx) }
            return made
        }
    }

    private func raised(_ statement: Statement, _ tx: ReadTransaction) throws -> Statement? {
        let rests = membership.roster.rests(for: device)
        switch statement.content {
        case .revoke(let revocation):
            let isWhole = revocation.scope == .analyst
            let devices = isWhole ? devices(of: revocation.handle) : revocation.cuts.map(\.device)
            return try Statement.revoke(
                by: identity, on: rests, handle: revocation.handle, scope: revocation.scope,
                cuts: try cuts(devices, tx, all: !isWhole))
        case .role(let change):
            return try Statement.role(
                by: identity, on: rests, handle: change.handle, role: change.role,
                cuts: try cuts(devices(of: change.handle), tx, all: false))
        default: return nil
        }
    }
}
