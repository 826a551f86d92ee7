//! How views come up from a file through the operators that pass columns on. An operator that is not named here is where
//! it ends: what comes out of it are plain texts.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::logical_expr::JoinType;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::{Columns, cast, column, downcast, texts, uses};

/// An operator with columns of its output as views, and which.
type Viewed = Option<(Arc<dyn ExecutionPlan>, Columns)>;

/// `plan` with those of the `wanted` columns as views that can be; `None` where none can.
pub(super) fn viewed(plan: &Arc<dyn ExecutionPlan>, wanted: &Columns) -> Result<Viewed> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let found = if let Some(source) = downcast::<DataSourceExec>(plan) {
        scan(source, wanted)?
    } else if let Some(filter) = downcast::<FilterExec>(plan) {
        filtered(filter, wanted)?
    } else if let Some(projection) = downcast::<ProjectionExec>(plan) {
        projected(projection, wanted)?
    } else if let Some(join) = downcast::<HashJoinExec>(plan) {
        probed(join, wanted)?
    } else if let Some(union) = downcast::<UnionExec>(plan) {
        united(union, wanted)?
    } else if passes_on(plan) {
        passed_on(plan, wanted)?
    } else {
        None
    };
    Ok(found.filter(|(_, columns)| !columns.is_empty()))
}

/// Whether what goes in comes out, row by row, in whatever order.
fn passes_on(plan: &Arc<dyn ExecutionPlan>) -> bool {
    downcast::<CooperativeExec>(plan).is_some()
        || downcast::<CoalescePartitionsExec>(plan).is_some()
        || downcast::<RepartitionExec>(plan).is_some_and(|exchange| !exchange.preserve_order())
}

fn passed_on(plan: &Arc<dyn ExecutionPlan>, wanted: &Columns) -> Result<Viewed> {
    let [input] = plan.children()[..] else { return Ok(None) };
    let Some((input, columns)) = viewed(input, wanted)? else { return Ok(None) };
    let anew = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Ok(Some((Arc::clone(plan).replace_children(vec![input], anew)?, columns)))
}

/// The file's columns: the reader makes views where the table's columns are views.
fn scan(source: &DataSourceExec, wanted: &Columns) -> Result<Viewed> {
    let Some((config, parquet)) = source.downcast_to_file_source::<ParquetSource>() else { return Ok(None) };
    let (Some(projection), schema) = (parquet.projection(), parquet.table_schema()) else { return Ok(None) };
    let file_columns = texts(schema.file_schema());
    let mut computed = Columns::new();
    if let Some(predicate) = parquet.filter() {
        uses::computed(&predicate, &mut computed);
    }
    let parts: Vec<_> = projection.expr_iter().collect();
    parts.iter().filter(|part| column(part).is_none()).for_each(|part| uses::mentioned(part, &mut computed));
    let chosen =
        |i: &usize| parts.get(*i).and_then(column).filter(|of| file_columns.contains(of) && !computed.contains(of));
    let of_file: Columns = wanted.iter().filter_map(chosen).collect();
    // Every place of a column is one that wants it: nobody else sees a view.
    let places = |of: &usize| {
        parts.iter().enumerate().filter(|(_, part)| column(part) == Some(*of)).map(|(i, _)| i).collect::<Vec<_>>()
    };
    let of_file: Columns = of_file.into_iter().filter(|of| places(of).iter().all(|i| wanted.contains(i))).collect();
    if of_file.is_empty() {
        return Ok(None);
    }
    let columns: Columns = of_file.iter().flat_map(places).collect();
    let scan = with_views(config, parquet, &of_file)?;
    Ok(scan.map(|scan| (DataSourceExec::from_data_source(scan) as Arc<dyn ExecutionPlan>, columns)))
}

fn with_views(config: &FileScanConfig, parquet: &ParquetSource, of_file: &Columns) -> Result<Option<FileScanConfig>> {
    let old = parquet.table_schema();
    let schema = TableSchema::builder(Arc::new(viewing(old.file_schema(), of_file)))
        .with_table_partition_cols(old.table_partition_cols().clone())
        .build();
    let table = Arc::clone(schema.table_schema());
    let mut source = ParquetSource::new(schema).with_table_parquet_options(parquet.table_parquet_options().clone());
    if let Some(factory) = parquet.parquet_file_reader_factory() {
        source = source.with_parquet_file_reader_factory(Arc::clone(factory));
    }
    if let Some(predicate) = parquet.filter() {
        source = source.with_predicate(uses::retyped(&predicate, of_file, &table)?);
    }
    let Some(projection) = parquet.projection() else { return Ok(None) };
    let projected = source.try_pushdown_projection(projection)?;
    Ok(projected.map(|source| FileScanConfigBuilder::from(config.clone()).with_source(source).build()))
}

/// `schema` with these columns as views.
fn viewing(schema: &Schema, columns: &Columns) -> Schema {
    let fields = schema.fields().iter().enumerate().map(|(i, field)| match columns.contains(&i) {
        true => Arc::new(Field::clone(field).with_data_type(DataType::Utf8View)),
        false => Arc::clone(field),
    });
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
}

/// A filter compares views as well; columns that only it reads are views, too.
fn filtered(filter: &FilterExec, wanted: &Columns) -> Result<Viewed> {
    let input = filter.input();
    let width = input.schema().fields().len();
    let output: Vec<usize> = match filter.projection() {
        Some(projection) => projection.to_vec(),
        None => (0..width).collect(),
    };
    let mut computed = Columns::new();
    uses::computed(filter.predicate(), &mut computed);
    let mut asked: Columns = texts(&input.schema()).into_iter().filter(|i| !computed.contains(i)).collect();
    // What goes out without being wanted stays a plain text.
    let unwanted: Columns =
        output.iter().enumerate().filter(|(out, _)| !wanted.contains(out)).map(|(_, i)| *i).collect();
    asked.retain(|i| !unwanted.contains(i));
    let Some((input, columns)) = viewed(input, &asked)? else { return Ok(None) };
    let predicate = uses::retyped(filter.predicate(), &columns, &input.schema())?;
    // The builder holds the projection of the columns, which are as many and in the order they were.
    let filter = FilterExecBuilder::from(filter).with_predicate(predicate).with_input(input).build()?;
    let out = output.iter().enumerate().filter(|(_, i)| columns.contains(i)).map(|(out, _)| out).collect();
    Ok(Some((Arc::new(filter), out)))
}

/// Columns handed on under other names or in another order.
fn projected(projection: &ProjectionExec, wanted: &Columns) -> Result<Viewed> {
    let mut unwanted = Columns::new();
    for (out, part) in projection.expr().iter().enumerate() {
        match column(&part.expr) {
            Some(_) if wanted.contains(&out) => {}
            Some(i) => drop(unwanted.insert(i)),
            None => uses::computed(&part.expr, &mut unwanted),
        }
    }
    let asked = projection.expr().iter().enumerate().filter(|(out, _)| wanted.contains(out));
    let asked: Columns = asked.filter_map(|(_, part)| column(&part.expr)).filter(|i| !unwanted.contains(i)).collect();
    let Some((input, columns)) = viewed(projection.input(), &asked)? else { return Ok(None) };
    let schema = input.schema();
    let parts = projection
        .expr()
        .iter()
        .map(|part| Ok(ProjectionExpr::new(uses::retyped(&part.expr, &columns, &schema)?, part.alias.clone())));
    let plan = ProjectionExec::try_new(parts.collect::<Result<Vec<_>>>()?, input)?;
    let out = projection.expr().iter().enumerate();
    let out = out.filter(|(_, part)| column(&part.expr).is_some_and(|i| columns.contains(&i))).map(|(out, _)| out);
    Ok(Some((Arc::new(plan), out.collect())))
}

/// The side of a join that is not held in memory; neither the keys nor what its filter looks at.
fn probed(join: &HashJoinExec, wanted: &Columns) -> Result<Viewed> {
    if !matches!(join.join_type(), JoinType::Inner | JoinType::Left | JoinType::Right) {
        return Ok(None);
    }
    let left = join.left().schema().fields().len();
    let width = join.join_schema().fields().len();
    let output: Vec<usize> = match join.projection.as_deref() {
        Some(projection) => projection.to_vec(),
        None => (0..width).collect(),
    };
    let mut unwanted = Columns::new();
    join.on().iter().for_each(|(_, key)| uses::mentioned(key, &mut unwanted));
    if let Some(filter) = join.filter() {
        let right = filter.column_indices().iter().filter(|of| of.side == datafusion::common::JoinSide::Right);
        unwanted.extend(right.map(|of| of.index));
    }
    let of_right = |i: usize| i.checked_sub(left);
    let out = output.iter().enumerate();
    unwanted.extend(out.clone().filter(|(out, _)| !wanted.contains(out)).filter_map(|(_, i)| of_right(*i)));
    let asked = out.clone().filter(|(out, _)| wanted.contains(out)).filter_map(|(_, i)| of_right(*i));
    let asked: Columns = asked.filter(|i| !unwanted.contains(i)).collect();
    let Some((right, columns)) = viewed(join.right(), &asked)? else { return Ok(None) };
    let plan = join
        .builder()
        .with_new_children(vec![Arc::clone(join.left()), right])?
        .recompute_properties()
        .build_exec()?;
    let out = out.filter(|(_, i)| of_right(**i).is_some_and(|i| columns.contains(&i))).map(|(out, _)| out);
    Ok(Some((plan, out.collect())))
}

/// All branches have the same kinds: what is a view in one is made a view in the others, which costs little where it is
/// a text written in the query, and otherwise what reading it as one would have spared.
fn united(union: &UnionExec, wanted: &Columns) -> Result<Viewed> {
    let branches = union
        .inputs()
        .iter()
        .map(|branch| Ok(viewed(branch, wanted)?.unwrap_or_else(|| (Arc::clone(branch), Columns::new()))));
    let branches: Vec<(Arc<dyn ExecutionPlan>, Columns)> = branches.collect::<Result<_>>()?;
    let columns: Columns = branches.iter().flat_map(|(_, columns)| columns).copied().collect();
    if columns.is_empty() {
        return Ok(None);
    }
    let same = branches.into_iter().map(|(branch, has)| {
        let lacks: Columns = columns.difference(&has).copied().collect();
        if lacks.is_empty() { Ok(branch) } else { made_views(branch, &lacks) }
    });
    Ok(Some((UnionExec::try_new(same.collect::<Result<Vec<_>>>()?)?, columns)))
}

/// `plan` with these columns, plain texts so far, as views.
fn made_views(plan: Arc<dyn ExecutionPlan>, columns: &Columns) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(projection) = downcast::<ProjectionExec>(&plan) {
        let is_written = |part: &Arc<dyn PhysicalExpr>| !Arc::ptr_eq(&uses::written_view(part), part);
        let parts = projection.expr().iter().enumerate();
        let written: Columns = parts
            .clone()
            .filter(|(out, part)| columns.contains(out) && is_written(&part.expr))
            .map(|(out, _)| out)
            .collect();
        if !written.is_empty() {
            let parts = parts.map(|(out, part)| match written.contains(&out) {
                true => ProjectionExpr::new(uses::written_view(&part.expr), part.alias.clone()),
                false => part.clone(),
            });
            let plan = ProjectionExec::try_new(parts.collect::<Vec<_>>(), Arc::clone(projection.input()))?;
            let rest: Columns = columns.difference(&written).copied().collect();
            let plan: Arc<dyn ExecutionPlan> = Arc::new(plan);
            return if rest.is_empty() { Ok(plan) } else { made_views(plan, &rest) };
        }
    }
    let schema = plan.schema();
    cast(plan, columns, &schema, &DataType::Utf8View)
}
