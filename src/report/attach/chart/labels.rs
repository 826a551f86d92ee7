//! Labels at the ends of lines, moved apart until none lies on another.

/// Moves labels of the given heights as little as possible so that they neither overlap nor leave `from..to`.
///
/// `wanted` holds the middle and the height of each, in any order; the answer is the top of each in the same order.
/// `None` when they do not fit at all.
pub(super) fn apart(wanted: &[(i32, i32)], (from, to): (i32, i32)) -> Option<Vec<i32>> {
    let total: i32 = wanted.iter().map(|(_, height)| height).sum();
    if total > to - from {
        return None;
    }
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|index| wanted[*index].0);
    let mut groups: Vec<Group> = Vec::new();
    for index in order {
        let (middle, height) = wanted[index];
        let mut group = Group { top: (middle - height / 2).clamp(from, to - height), height, members: vec![index] };
        // Whoever touches the group above becomes one with it, and the whole moves to its members' common middle.
        while let Some(above) = groups.pop_if(|above| above.top + above.height > group.top) {
            group = above.joined(group, wanted, (from, to));
        }
        groups.push(group);
    }
    let mut tops = vec![0; wanted.len()];
    for group in groups {
        let mut top = group.top;
        for index in group.members {
            tops[index] = top;
            top += wanted[index].1;
        }
    }
    Some(tops)
}

/// Labels that stand one below the other without a gap.
struct Group {
    top: i32,
    height: i32,
    members: Vec<usize>,
}

impl Group {
    fn joined(mut self, below: Self, wanted: &[(i32, i32)], (from, to): (i32, i32)) -> Self {
        self.members.extend(below.members);
        let height = self.height + below.height;
        // The mean of where each member would like the group to begin.
        let (mut offset, mut sum) = (0, 0);
        for index in &self.members {
            let (middle, tall) = wanted[*index];
            sum += middle - tall / 2 - offset;
            offset += tall;
        }
        let members = i32::try_from(self.members.len()).unwrap_or(i32::MAX);
        Self { top: (sum / members).clamp(from, to - height), height, members: self.members }
    }
}

#[cfg(test)]
mod tests {
    use super::apart;

    /// Fails when two labels overlap or one lies outside.
    fn check(wanted: &[(i32, i32)], bounds: (i32, i32)) -> Vec<i32> {
        let tops = apart(wanted, bounds).unwrap();
        let mut spans: Vec<(i32, i32)> =
            tops.iter().zip(wanted).map(|(top, (_, height))| (*top, top + height)).collect();
        spans.sort_unstable();
        assert!(spans.first().is_none_or(|first| first.0 >= bounds.0), "{spans:?}");
        assert!(spans.last().is_none_or(|last| last.1 <= bounds.1), "{spans:?}");
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{spans:?}");
        tops
    }

    #[test]
    fn labels_with_room_stay_where_they_are() {
        assert_eq!(check(&[(500, 100), (100, 100)], (0, 1_000)), [450, 50]);
    }

    #[test]
    fn labels_that_collide_part_evenly() {
        assert_eq!(check(&[(500, 100), (500, 100)], (0, 1_000)), [400, 500]);
        check(&[(500, 100), (510, 300), (520, 100), (990, 100), (0, 100)], (0, 1_000));
        check(&[(1_000, 100), (1_000, 100), (1_000, 100)], (0, 1_000));
        check(&[(0, 100), (0, 100), (40, 100), (150, 100)], (0, 400));
        check(&[], (0, 100));
    }

    #[test]
    fn too_many_do_not_fit() {
        assert!(apart(&[(0, 60), (0, 60)], (0, 100)).is_none());
    }
}
