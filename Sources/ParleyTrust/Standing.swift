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
// 1. It is void by role unless within K and A the device may write: it is in, and its analyst's role allows it.
// 2. It is void by a cut if its number is above the cut of a removal, neither in K nor in A, that takes
//    writing away from the device and that no other one corrects. A device that such a removal does not list
//    is cut at 0.
// 3. A removal that takes writing away corrects one in its past if within its past the device may not write.
//
// So a cut can be signed again, higher or lower, by a further removal that rests on the first; but one that
// comes after the analyst was raised again leaves void what lay beyond the earlier cut.

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
        if let silence = causes.silence(of: voice, admitted, within: known) {
            return .void(.role, by: silence.removal?.statement ?? analysts[voice.handle]?.admission)
        }
        let beyond = causes.ends(of: voice, admitted).last {
            !known($0) && change.number > $0.cuts[voice.device] ?? 0
        }
        return beyond.map { .void(.cut, by: $0.statement) } ?? .counts
    }

    /// The cuts to sign in a removal of an analyst's devices: the last number held of each, but where an earlier
    /// removal cuts a device already, that cut again, so that nothing beyond it comes back.
    /// - Parameter held: the last number held of a device; 0 where none is.
    package func cuts(of handle: Handle, held: (DeviceID) -> UInt64) -> [Cut] {
        guard let admitted = causes.admissions[handle] else { return [] }
        return (analysts[handle]?.devices ?? []).map { device in
            let voice = Voice(handle: handle, device: device)
            let isSilent = causes.silence(of: voice, admitted, within: { _ in true }) != nil
            let earlier = isSilent ? causes.ends(of: voice, admitted).map { $0.cuts[device] ?? 0 } : []
            return Cut(device: device, number: ([held(device)] + earlier).min() ?? 0)
        }
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
        for handle in judgement.kinship.handles { admissions[handle] = judgement.admission(of: handle) }
        let columns = force.all.map(\.place) + force.removals.keys.compactMap { admissions[$0]?.place }
        past = Past(ground, columns: columns.sorted())
        signers = ground.statements.indices.map { ground.signer(of: $0)?.handle }
        for (place, statement) in ground.statements.enumerated() {
            var follows = ground.rests[place].contains { followsEpoch[$0] }
            if case .epoch = statement.content, judgement.counts[place] { follows = true }
            followsEpoch.append(follows)
        }
    }

    struct Silence {
        /// Nil where its analyst came in as a reader.
        let removal: Removal?
    }

    /// Why a device may not write, within what `holds` holds.
    /// - Returns: nil if it may.
    func silence(
        of voice: Voice, _ admitted: Admitted, within holds: (Removal) -> Bool
    ) -> Silence? {
        if let exit = force.exit(of: voice, within: holds) { return Silence(removal: exit) }
        let held = force.role(of: voice.handle, admitted: admitted, past: past, within: holds)
        return held.role < .analyst ? Silence(removal: held.by) : nil
    }

    /// The removals that take writing away from a device and that no other one corrects.
    func ends(of voice: Voice, _ admitted: Admitted) -> [Removal] {
        let ends = force.about(voice.handle).filter { $0.takes(.writing, from: voice.device) }
        let correcting = ends.filter { end in
            silence(of: voice, admitted, within: { past.holds(end.place, $0.place) }) != nil
        }
        return ends.filter { end in !correcting.contains { past.holds($0.place, end.place) } }
    }
}
