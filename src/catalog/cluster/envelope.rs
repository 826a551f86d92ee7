//! Deep plans in envelopes.
//!
//! A reader of Protocol Buffers follows a hundred levels of messages inside each other and then gives up, to protect its
//! stack; an operator takes two. A mart that reads marts has more than eighty operators below each other, so such a plan is
//! folded: below every [`LEVELS`] operators goes an envelope, whose content is one field of bytes to the reader around it.
//! The stages that the scheduler makes of it are short again, because they end where rows change hands.

use std::fmt;
use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use datafusion_proto::physical_plan::{AsExecutionPlan, PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use datafusion_proto::protobuf::PhysicalPlanNode;

/// Operators below each other in one envelope; twice as many messages, and the rest is for their expressions.
const LEVELS: usize = 20;

/// Envelopes inside each other that are opened; deeper ones are no plan of ours.
const ENVELOPES_MAX: u8 = 12;

/// How the bytes of an envelope begin. Ballista's own operators begin with a tag of Protocol Buffers, which is never 0.
const MARK: &[u8] = b"\0lumbung-envelope";

/// The plan with envelopes, as many as it takes.
pub(super) fn fold(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(folded(plan)?.0)
}

/// The plan with envelopes, and the levels down to the next one.
fn folded(plan: Arc<dyn ExecutionPlan>) -> Result<(Arc<dyn ExecutionPlan>, usize)> {
    let (mut children, mut deepest, mut changed) = (Vec::new(), 0, false);
    for child in plan.children() {
        let (mut below, mut levels) = folded(Arc::clone(child))?;
        if levels >= LEVELS {
            below = Arc::new(Envelope { content: below });
            levels = 0;
        }
        changed |= !Arc::ptr_eq(child, &below);
        deepest = deepest.max(levels);
        children.push(below);
    }
    let plan = match changed {
        // An envelope has the properties of its content.
        true => plan.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep))?,
        false => plan,
    };
    Ok((plan, deepest + 1))
}

/// A plan that is written as one field of bytes. It only exists between planning and writing.
#[derive(Debug)]
struct Envelope {
    content: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for Envelope {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope")
    }
}

impl ExecutionPlan for Envelope {
    fn name(&self) -> &'static str {
        "Envelope"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.content.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Err(DataFusionError::Internal("an envelope is for the road".to_owned()))
    }
}

/// Ballista's codec, and envelopes: what client and scheduler write and read plans with.
#[derive(Debug, Default)]
pub(super) struct Codec {
    inner: BallistaPhysicalExtensionCodec,
    /// How many envelopes this one is inside of.
    depth: u8,
}

impl Codec {
    fn below(&self) -> Result<Self> {
        match self.depth < ENVELOPES_MAX {
            true => Ok(Self { depth: self.depth + 1, ..Self::default() }),
            false => Err(DataFusionError::Plan("the plan is too deep".to_owned())),
        }
    }
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match bytes.strip_prefix(MARK) {
            Some(content) => PhysicalPlanNode::try_decode(content)?.try_into_physical_plan(context, &self.below()?),
            None => self.inner.try_decode(bytes, inputs, context, converter),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let Some(envelope) = node.downcast_ref::<Envelope>() else {
            return self.inner.try_encode(node, bytes, converter);
        };
        bytes.extend_from_slice(MARK);
        PhysicalPlanNode::try_from_physical_plan(Arc::clone(&envelope.content), &self.below()?)?.try_encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Codec, fold};
    use arrow::datatypes::Schema;
    use datafusion::physical_plan::coop::CooperativeExec;
    use datafusion::physical_plan::empty::EmptyExec;
    use datafusion::physical_plan::{ExecutionPlan, displayable};
    use datafusion::prelude::SessionContext;
    use datafusion_proto::physical_plan::AsExecutionPlan;
    use datafusion_proto::protobuf::PhysicalPlanNode;
    use std::sync::Arc;

    fn deep(levels: usize) -> Arc<dyn ExecutionPlan> {
        let empty: Arc<dyn ExecutionPlan> = Arc::new(EmptyExec::new(Arc::new(Schema::empty())));
        (1..levels).fold(empty, |below, _| Arc::new(CooperativeExec::new(below)))
    }

    /// The plan as it arrives.
    fn sent(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, String> {
        let mut bytes = Vec::new();
        let message = PhysicalPlanNode::try_from_physical_plan(plan, &Codec::default()).map_err(|e| e.to_string())?;
        message.try_encode(&mut bytes).map_err(|e| e.to_string())?;
        let message = PhysicalPlanNode::try_decode(&bytes).map_err(|e| e.to_string())?;
        let context = SessionContext::new().task_ctx();
        message.try_into_physical_plan(&context, &Codec::default()).map_err(|e| e.to_string())
    }

    /// Readers of plans run with the program's stack; a test has a smaller one.
    #[test]
    fn a_deep_plan_arrives_as_it_was() {
        let thread = std::thread::Builder::new().stack_size(16 << 20);
        thread.spawn(deep_plans_arrive).unwrap().join().unwrap();
    }

    fn deep_plans_arrive() {
        let shown = |plan: &Arc<dyn ExecutionPlan>| displayable(plan.as_ref()).indent(false).to_string();
        for levels in [1, 2, 19, 20, 21, 40, 41, 90, 200] {
            let plan = deep(levels);
            let arrived = sent(fold(Arc::clone(&plan)).unwrap()).unwrap();
            assert_eq!(shown(&arrived), shown(&plan), "{levels}");
        }
        assert!(sent(deep(90)).is_err(), "envelopes are not needed any more");
        let endless = sent(fold(deep(20 * 20)).unwrap()).unwrap_err();
        assert!(endless.contains("too deep"), "{endless}");
    }
}
