package import ParleyCore

/// Whether a changeset counts, by its author's role and the cuts.
package enum Standing: Equatable, Sendable {
    case counts
    case void(Reason, by: StatementHash?)

    package enum Reason: Equatable, Sendable {
        /// Its author might not write when it did.
        case role
        /// It lies beyond the cut of a removal that its author did not know.
        case cut
    }
}

extension Roster {
    /// Whether the standing of this device's changesets depends on their numbers and the statements they name.
    /// Where not, it is the same for all of them.
    package func judgesByNumber(_ device: DeviceID) -> Bool { removal(of: device) != nil }

    /// - Parameter named: the statement that the last header of the chain up to this change names.
    package func standing(of change: ChangeID, naming named: StatementHash?) -> Standing {
        guard let role = role(of: change.device), role >= .analyst else {
            return .void(.role, by: removal(of: change.device))
        }
        return .counts
    }

    /// Whether a plain body under this name and by this device is void, because its author knew of an epoch.
    package func sealsPlain(naming named: StatementHash?, of device: DeviceID) -> Bool {
        named.map { epochs[$0]?.counts ?? false } ?? false
    }

    /// The removal that put this device out.
    package func removal(of device: DeviceID) -> StatementHash? { out[device] }

    package func isRevoked(_ device: DeviceID) -> Bool { removal(of: device) != nil }

    /// The analyst who signed a statement, where a device did.
    package func signer(of statement: StatementHash) -> Handle? { signers[statement] }

    /// The devices that are in; ascending.
    package var members: [DeviceID] { devices.keys.filter { role(of: $0) != nil }.sorted() }

    /// Whether an epoch's author knew of every revocation that is in force.
    func restsOnRevocations(_ epoch: StatementHash) -> Bool {
        out.values.allSatisfy { (depths[$0] ?? 0) < (depths[epoch] ?? 0) }
    }
}
