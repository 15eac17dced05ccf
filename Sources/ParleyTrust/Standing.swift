package import ParleyCore

/// Whether a changeset counts, by its author's role and the cuts.
package enum Standing: Equatable, Sendable {
    case counts
    /// By which statement: a removal, or the enrolment of a reader; nil for a device that never came in.
    case void(Reason, by: StatementHash?)

    package enum Reason: Equatable, Sendable {
        /// Its author might not write, by what it knew.
        case role
        /// It lies beyond the cut of a removal that its author did not know.
        case cut
    }
}

// The law of standing. Of a changeset of a device, K is the statement that the last header of its chain up to
// it names, and the past of that; nothing, while that statement is not held. A is the device's enrolment and
// its past. Only removals in force are meant.
//
// 1. It is void by role unless within K and A the device is in and its analyst may write.
// 2. It is void by a cut if its number is above the cut of a removal, neither in K nor in A, that takes
//    writing away from the device and is in the past of no other removal that does. A device that such a
//    removal does not list is cut at 0.
//
// So a cut can be signed again, higher or lower, by a further removal that rests on the first.

extension Roster {
    /// Whether the standing of this device's changesets depends on their numbers and the statements they name.
    /// Where not, it is the same for all of them.
    package func judgesByNumber(_ device: DeviceID) -> Bool {
        guard let handle = devices[device]?.handle else { return false }
        return causes.force.about(handle).contains { $0.role != nil || $0.putsOut(device) }
    }

    /// - Parameter named: the statement that the last header of the chain up to this change names.
    package func standing(of change: ChangeID, naming named: StatementHash?) -> Standing {
        guard let device = devices[change.device], let enrolled = causes.places[device.statement],
            let admitted = causes.admissions[device.handle]
        else { return .void(.role, by: nil) }
        let voice = Voice(handle: device.handle, device: device.id)
        let name = named.flatMap { causes.places[$0] }
        let known = { (removal: Removal) in
            removal.place == name || causes.past.holds(enrolled, removal.place)
                || name.map { causes.past.holds($0, removal.place) } ?? false
        }
        if let exit = causes.force.exit(of: voice, within: known) {
            return .void(.role, by: exit.statement)
        }
        let held = causes.force.role(
            of: voice.handle, admitted: admitted, past: causes.past, within: known)
        guard held.role >= .analyst else {
            return .void(.role, by: held.by?.statement ?? analysts[voice.handle]?.admission)
        }
        return cut(change, voice, known)
    }

    private func cut(_ change: ChangeID, _ voice: Voice, _ known: (Removal) -> Bool) -> Standing {
        let ends = causes.force.about(voice.handle).filter { $0.takes(.writing, from: voice.device) }
        let latest = ends.filter { end in
            !ends.contains { causes.past.holds($0.place, end.place) }
        }
        let beyond = latest.last { !known($0) && change.number > $0.cuts[voice.device] ?? 0 }
        return beyond.map { .void(.cut, by: $0.statement) } ?? .counts
    }

    /// Whether a plain body under this name and by this device is void: within K or A an epoch counts.
    package func sealsPlain(naming named: StatementHash?, of device: DeviceID) -> Bool {
        let own = (devices[device] ?? voidDevices[device])?.statement
        return [named, own].contains { name in
            name.flatMap { causes.places[$0] }.map { causes.followsEpoch[$0] } ?? false
        }
    }

    /// The removal that put this device out.
    package func removal(of device: DeviceID) -> StatementHash? {
        guard let handle = (devices[device] ?? voidDevices[device])?.handle else { return nil }
        return causes.force.exit(of: Voice(handle: handle, device: device), within: { _ in true })?.statement
    }

    /// Whether a device that came in is out.
    package func isRevoked(_ device: DeviceID) -> Bool { removal(of: device) != nil }

    /// The analyst whose device signed a statement; nil where an invite's key did, or nobody with a voice.
    package func signer(of statement: StatementHash) -> Handle? {
        causes.places[statement].flatMap { causes.signers[$0] }
    }

    /// The devices that are in; ascending.
    package var members: [DeviceID] { devices.keys.filter { role(of: $0) != nil }.sorted() }

    /// Whether an epoch's author knew of every revocation that is in force.
    func restsOnRevocations(_ epoch: StatementHash) -> Bool {
        guard let place = causes.places[epoch] else { return false }
        return causes.force.all.allSatisfy { $0.role != nil || causes.past.holds(place, $0.place) }
    }
}

/// What a changeset's standing is judged by: the removals in force, and what lies in whose past.
struct Causes: Equatable {
    private(set) var force = Force()
    private(set) var places: [StatementHash: Int] = [:]
    private(set) var past = Past()
    private(set) var admissions: [Handle: Admitted] = [:]
    /// By place.
    private(set) var signers: [Handle?] = []
    /// By place: whether it is an epoch that counts, or has one in its past.
    private(set) var followsEpoch: [Bool] = []

    init() {}

    init(_ judgement: Judgement, _ force: Force) {
        let ground = judgement.ground
        self.force = force
        places = ground.places
        admissions = judgement.admissions
        let columns = force.all.map(\.place) + force.removals.keys.compactMap { admissions[$0]?.place }
        past = Past(ground, columns: columns.sorted())
        signers = ground.statements.indices.map { ground.signer(of: $0)?.handle }
        for (place, statement) in ground.statements.enumerated() {
            var follows = ground.rests[place].contains { followsEpoch[$0] }
            if case .epoch = statement.content, judgement.counts[place] { follows = true }
            followsEpoch.append(follows)
        }
    }
}
