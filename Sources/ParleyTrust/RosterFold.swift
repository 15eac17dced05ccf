package import ParleyCore

// The law of membership. It needs nothing but the set.
//
// 1. The depth of a founding statement is 0; of any other, one more than the greatest depth of those it
//    rests on. A statement that rests, directly or not, on one that is missing has none: it waits. The order
//    is by (depth, hash). The past of a statement is all that it rests on, directly or not.
// 2. A statement's authority is the one among those it rests on that gave its signer's key a voice: the
//    enrolment (or founding) of the device that signed, or the grant of the invite that signed. There must
//    be exactly one, and it must count.
// 3. A removal is a `role` or a `revoke`. Removals count if they are in force (rule 6). Within some statements
//    an analyst's role is the lowest of the roles given by the admission and by the removals among them that
//    no other of these has in its past; a device is out if a `revoke` among them names it, or its analyst
//    whole. What a device signs counts only if within its past the device is in, and its analyst has the role
//    that it takes: admin to let a new analyst in, for removals and for epochs.
// 4. A removal in force binds what knew nothing of it: what a device signed is void where a removal about it
//    takes what was needed, and neither lies in the other's past.
// 5. An enrolment is void where a removal takes what the grant needed from whoever made it, if the grant has
//    not the removal in its past and the removal not the enrolment; and where a `revoke` names its device,
//    or its analyst whole, and has it not in its past.
// 6. Removals are decided one after another, the one of the analyst first let in first, then by the order;
//    but before each those in its past, in the same way. It is in force, for good, if it counts by the
//    removals in force so far, and with it an admin is left who has a device that is in.
// 7. Otherwise statements are judged in their order: so of two that claim the same the lesser one counts,
//    whoever received which first.
// 8. What is void stays in the set, is forwarded, lends its depth and its past, and counts for nothing.
//
// So nobody is put out by the backdated statement of somebody let in later, whom they have put out.

extension Roster {
    package init(_ set: StatementSet, workspace: WorkspaceID) {
        self.init(workspace: workspace)
        let ground = StatementGround(set, workspace: workspace)
        depths = ground.depths
        waiting = set.hashes.filter { ground.depths[$0] == nil }
        missing = ground.missing
        var fold = RosterFold(ground)
        fold.decide()
        tell(fold.finish(), fold)
    }
}

/// Finds the removals in force.
struct RosterFold {
    let ground: StatementGround
    private(set) var force = Force()
    /// Of removals.
    private(set) var reasons: [StatementHash: Roster.VoidReason] = [:]
    private let removals: [Removal]
    private let past: Past
    private var judgement: Judgement

    init(_ ground: StatementGround) {
        self.ground = ground
        removals = ground.statements.enumerated().compactMap { Removal($1, at: $0) }
        past = Past(ground, columns: removals.isEmpty ? [] : Array(ground.statements.indices))
        judgement = Judgement(ground, past)
    }

    mutating func decide() {
        for removal in decisionOrder() { decide(removal) }
    }

    /// The judgement of everything under the removals in force.
    func finish() -> Judgement {
        var whole = judgement
        whole.judgeOthers(under: force)
        return whole
    }

    private mutating func decide(_ removal: Removal) {
        if let reason = judgement.refusal(of: removal, under: force) {
            reasons[removal.statement] = reason
            return
        }
        force.insert(removal)
        var next = judgement
        next.follow(removal, under: force)
        if next.hasAdmin(under: force) {
            judgement = next
        } else {
            force.remove(removal)
            reasons[removal.statement] = .lastAdmin
        }
    }

    /// Rule 6. What is not rooted in the founding has no place in it, and is void whenever it is judged.
    private func decisionOrder() -> [Removal] {
        let ranked = removals.enumerated().sorted {
            (root($0.element), $0.offset) < (root($1.element), $1.offset)
        }.map(\.element)
        var order: [Removal] = []
        var isOpen = Array(repeating: true, count: ranked.count)
        for index in ranked.indices where isOpen[index] {
            var stack = [(index: index, cursor: 0)]
            while let (top, cursor) = stack.last {
                let before = ranked.indices[cursor...].first {
                    isOpen[$0] && past.holds(ranked[top].place, ranked[$0].place)
                }
                if let before {
                    stack[stack.count - 1].cursor = before + 1
                    stack.append((before, 0))
                } else {
                    stack.removeLast()
                    isOpen[top] = false
                    order.append(ranked[top])
                }
            }
        }
        return order
    }

    private func root(_ removal: Removal) -> Int { ground.roots[removal.place] ?? .max }
}
